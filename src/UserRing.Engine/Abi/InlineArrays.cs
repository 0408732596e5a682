using System.Runtime.CompilerServices;

namespace UserRing.Abi;

/// <summary>5 elements in a row, as C's <c>__u8[5]</c> inside a structure.</summary>
[InlineArray(5)]
public struct Bytes5
{
    private byte _first;
}

/// <summary>7 elements in a row, as C's <c>__u8[7]</c> inside a structure.</summary>
[InlineArray(7)]
public struct Bytes7
{
    private byte _first;
}

/// <summary>16 elements in a row, as C's <c>__u8[16]</c> inside a structure.</summary>
[InlineArray(16)]
public struct Bytes16
{
    private byte _first;
}

/// <summary>108 elements in a row, as C's <c>__u8[108]</c> inside a structure.</summary>
[InlineArray(108)]
public struct Bytes108
{
    private byte _first;
}

/// <summary>5 elements in a row, as C's <c>__u32[5]</c> inside a structure.</summary>
[InlineArray(5)]
public struct Uints5
{
    private uint _first;
}

/// <summary>8 elements in a row, as C's <c>__u32[8]</c> inside a structure.</summary>
[InlineArray(8)]
public struct Uints8
{
    private uint _first;
}

/// <summary>11 elements in a row, as C's <c>__u32[11]</c> inside a structure.</summary>
[InlineArray(11)]
public struct Uints11
{
    private uint _first;
}

/// <summary>4 elements in a row, as C's <c>__u64[4]</c> inside a structure.</summary>
[InlineArray(4)]
public struct Ulongs4
{
    private ulong _first;
}

/// <summary>5 elements in a row, as C's <c>__u64[5]</c> inside a structure.</summary>
[InlineArray(5)]
public struct Ulongs5
{
    private ulong _first;
}

/// <summary>6 elements in a row, as C's <c>__u64[6]</c> inside a structure.</summary>
[InlineArray(6)]
public struct Ulongs6
{
    private ulong _first;
}
