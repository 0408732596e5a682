using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>
/// Every P/Invoke of the house, one partial file per C header. Wrappers answer the call's value or a negative errno and never throw;
/// EINTR is not retried here, because only the caller knows whether the call may start again.
/// </summary>
/// <remarks>
/// None is bound with SetLastError: that clears and stores errno around every call (18 ns) although it only means something after a
/// failure. Reading it right after the call is what the generated code for SetLastError does too; the runtime keeps errno intact when a
/// returning thread has to wait for a collection. Raw system call numbers appear only where a supported libc (glibc 2.27, musl 1.2.2)
/// lacks the function; <c>syscall</c> and <c>fcntl</c> are variadic, which on both architectures means the same integer registers.
/// </remarks>
internal static unsafe partial class Libc
{
    private const string Name = "libc";

    /// <summary>True on the two architectures whose numbers and layouts are known here.</summary>
    public static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>The errno of the call that just answered -1, as a negative number.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Error() => -Marshal.GetLastSystemError();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Result(int value) => value != -1 ? value : Error();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Result(nint value) => value != -1 ? value : Error();

    private static int IntResult(nint value) => value != -1 ? (int)value : Error();

    [LibraryImport(Name, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a);

    [LibraryImport(Name, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b);

    [LibraryImport(Name, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c);

    [LibraryImport(Name, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d);

    [LibraryImport(Name, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    [LibraryImport(Name, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
