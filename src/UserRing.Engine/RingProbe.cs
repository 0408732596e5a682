using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine;

/// <summary>Which operations an engine can do, as REGISTER_PROBE tells (Linux 5.6). Immutable.</summary>
public sealed class RingProbe
{
    private readonly byte[] _table;

    private RingProbe(byte[] table) => _table = table;

    private Probe Header => MemoryMarshal.Read<Probe>(_table);

    /// <summary>The highest opcode the engine has heard of.</summary>
    public Opcode LastOpcode => Header.LastOp;

    /// <summary>Whether the engine does <paramref name="operation"/>.</summary>
    public bool Supports(Opcode operation)
    {
        ReadOnlySpan<ProbeOp> rows = MemoryMarshal.Cast<byte, ProbeOp>(_table.AsSpan(Probe.OpsOffset));
        return (int)operation < Header.OpsLen && (rows[(int)operation].Flags & ProbeOpFlags.Supported) != 0;
    }

    /// <summary>Asks the engine of a ring.</summary>
    /// <param name="engine">The engine that serves the ring.</param>
    /// <param name="ring">The ring's descriptor.</param>
    /// <param name="probe">What it can do, or null on failure.</param>
    /// <returns>0 or a negative errno (EINVAL from a kernel before 5.6).</returns>
    public static int TryRead(IRingEngine engine, int ring, out RingProbe? probe)
    {
        ArgumentNullException.ThrowIfNull(engine);
        byte[] table = GC.AllocateArray<byte>(Probe.OpsOffset + RingLimits.MaxProbeOps * Unsafe.SizeOf<ProbeOp>(), pinned: true);
        int result = engine.Register(
            ring, RegisterOp.RegisterProbe, (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(table, 0), RingLimits.MaxProbeOps);
        probe = result < 0 ? null : new RingProbe(table);
        return result;
    }
}
