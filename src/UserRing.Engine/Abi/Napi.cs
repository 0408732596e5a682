using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>
/// <c>io_uring_napi</c> (6.9): argument of REGISTER_NAPI: busy polling of network queues. The bytes from 5 on changed their meaning in
/// 6.13.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct Napi
{
    /// <summary><c>busy_poll_to</c>: microseconds to poll.</summary>
    [FieldOffset(0)]
    public uint BusyPollTo;

    /// <summary><c>prefer_busy_poll</c>: not 0: leave interrupts off meanwhile.</summary>
    [FieldOffset(4)]
    public byte PreferBusyPoll;

    /// <summary><c>pad[0]</c>: before 6.13 reserved, zero.</summary>
    [FieldOffset(5)]
    public byte Pad0;

    /// <summary><c>pad[1]</c>: before 6.13 reserved, zero.</summary>
    [FieldOffset(6)]
    public byte Pad1;

    /// <summary><c>pad[2]</c>: before 6.13 reserved, zero.</summary>
    [FieldOffset(7)]
    public byte Pad2;

    /// <summary><c>opcode</c>: 0 registers, 1 adds an id, 2 removes one (6.13).</summary>
    [FieldOffset(5)]
    public byte Opcode;

    /// <summary><c>resv</c>: before 6.13 reserved, zero.</summary>
    [FieldOffset(8)]
    public ulong Resv;

    /// <summary><c>op_param</c>: tracking strategy or NAPI id (6.13).</summary>
    [FieldOffset(8)]
    public uint OpParam;
}
