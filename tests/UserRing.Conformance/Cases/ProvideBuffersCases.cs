using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>PROVIDE_BUFFERS and REMOVE_BUFFERS.</summary>
internal static class ProvideBuffersCases
{
    private const ushort Group = 1, RingGroup = 2, NoGroup = 3;

    private static readonly CaseList Provided = new()
    {
        { "provide.ok", c => c.Res(Four(c)) },
        { "provide.nr0", c => c.Fault(Four(c), (ref s) => s.Fd = 0) },
        { "provide.neg", c => c.Fault(Four(c), (ref s) => s.Fd = -1) },
        { "provide.65536", c => c.Res(Provide(65536, c.Buffer, 1)) },
        { "provide.65537", c => c.Fault(Provide(65536, c.Memory(65537).Address, 1), (ref s) => s.Fd = 65537) },
        { "provide.len0", c => c.Fault(Four(c), (ref s) => s.Len = 0) },
        { "provide.bid-range", c => c.Fault(Four(c), (ref s) => s.Off = 65536) },
        { "provide.bid-overflow", c => c.Fault(Four(c), (ref s) => s.Off = 65535) },
        { "provide.unmapped", c => c.Fault(Four(c), (ref s) => s.Addr = c.KernelAddress) },
        { "provide.wrap", c => c.Fault(Four(c), (ref s) => s.Addr = ulong.MaxValue - 127) },
        { "provide.rwflags", c => c.Fault(Four(c), (ref s) => s.RwFlags = 1) },
        { "provide.splicefd", c => c.Fault(Four(c), (ref s) => s.SpliceFdIn = 1) },
        { "provide.null-not-checked", c => c.Res(Provide(4, 0x1000, 128)) },
        { "op.provide-into-ring", c => c.Fault(Four(c), (ref s) => s.BufGroup = BufferRing(c)) },
    };

    private static readonly CaseList Removed = new()
    {
        { "remove.nogroup", c => RemoveFault(c, (ref s) => s.BufGroup = NoGroup) },
        { "remove.nr0", c => RemoveFault(c, (ref s) => s.Fd = 0) },
        { "remove.addr", c => RemoveFault(c, (ref s) => s.Addr = c.Buffer) },
        { "remove.65537", c => RemoveFault(c, (ref s) => s.Fd = 65537) },
        {
            "remove.two", c =>
            {
                Assert.Equal(0, c.Res(Four(c)));
                return c.Res(Remove(2));
            }
        },
        { "op.remove-from-ring", c => RemoveFault(c, (ref s) => s.BufGroup = BufferRing(c)) },
    };

    private static Sqe Four(Case c) => Provide(4, c.Buffer, 128);

    private static Sqe Provide(int count, nuint address, uint length) =>
        new() { Opcode = Opcode.ProvideBuffers, Fd = count, Addr = address, Len = length, BufGroup = Group };

    private static Sqe Remove(int count) => new() { Opcode = Opcode.RemoveBuffers, Fd = count, BufGroup = Group };

    private static long RemoveFault(Case c, Fault<Sqe> fault)
    {
        Assert.Equal(0, c.Res(Four(c)));
        return c.Fault(Remove(1), fault);
    }

    /// <summary>A group that is a buffer ring, of 8 entries.</summary>
    private static ushort BufferRing(Case c)
    {
        BufReg registration = new() { RingAddr = c.Memory(4096).Address, RingEntries = 8, Bgid = RingGroup };
        Assert.Equal(0, c.Ring.RegisterBy(RegisterOp.RegisterPbufRing, registration));
        return RingGroup;
    }
}
