using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace UserRing.Engine.Tests.Abi;

/// <summary>
/// Where the runtime really puts things, not where attributes ask for them and not how marshalling would copy them:
/// an offset is the difference of two addresses.
/// </summary>
internal static class CSharpLayout
{
    private static readonly MethodInfo UnsafeSizeOf = typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!;

    public static int SizeOf(Type type) => (int)UnsafeSizeOf.MakeGenericMethod(type).Invoke(null, null)!;

    public static int AlignmentOf(Type type) => OffsetOf(typeof(Padded<>).MakeGenericType(type).GetField(nameof(Padded<int>.Value))!);

    public static int OffsetOf(FieldInfo field)
    {
        DynamicMethod difference = new("offset", typeof(nint), [], typeof(CSharpLayout).Module, skipVisibility: true);
        ILGenerator il = difference.GetILGenerator();
        il.DeclareLocal(field.DeclaringType!);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Ret);
        return (int)difference.CreateDelegate<Func<nint>>()();
    }

    /// <summary>The value of a constant or enum member.</summary>
    public static Int128 ValueOf(FieldInfo constant) =>
        Int128.Parse(Convert.ToString(constant.GetRawConstantValue(), CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture);

    // Constructor parameters only keep the compiler from finding the fields unassigned.
    private struct Padded<T>(byte first, T value)
    {
        public byte First = first;
        public T Value = value;
    }
}
