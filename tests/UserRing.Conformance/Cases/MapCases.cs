using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>mmap of a ring's descriptor, and what else can be done to one: read, write, poll.</summary>
internal static class MapCases
{
    private const int Page = 4096, Mebibyte = 1 << 20;

    private static readonly CaseList Maps = new()
    {
        { "mmap.sqring", c => c.Map(c.Ring, c.Ring.Params.SqOff.Array + 4 * c.Ring.SqEntries, MmapOffsets.SqRing) },
        { "mmap.cqring", c => c.Map(c.Ring, c.Ring.Params.CqOff.Cqes + 16 * c.Ring.CqEntries, MmapOffsets.CqRing) },
        { "mmap.sqes", c => c.Map(c.Ring, 64 * c.Ring.SqEntries, MmapOffsets.Sqes) },
        { "mmap.too-long", c => c.Map(c.Ring, Mebibyte, MmapOffsets.SqRing) },
        { "mmap.sqes-too-long", c => c.Map(c.Ring, Mebibyte, MmapOffsets.Sqes) },
        { "mmap.bad-offset", c => Unmappable(c, 0x4000_0000) },
        { "mmap.param-region-unset", c => Unmappable(c, MmapOffsets.ParamRegion) },
        { "mmap.pbuf-unregistered", c => Unmappable(c, MmapOffsets.PbufRing | 7 << MmapOffsets.PbufShift) },
        {
            "mmap.addr-hint", c => c.Unlike(
                c.Map(c.Ring, Page, MmapOffsets.SqRing), c.Map(c.Ring, Page, MmapOffsets.SqRing, address: TestMemory.Bad))
        },
        { "mmap.sqes-too-short", c => c.Unlike(MapOfLargeRing(c, MmapOffsets.SqRing), MapOfLargeRing(c, MmapOffsets.Sqes)) },
        { "mmap.sqring-too-short", c => MapOfLargeRing(c, MmapOffsets.SqRing) },
        { "mmap.offset-plus-page", c => c.Map(c.Ring, 64 * c.Ring.SqEntries, MmapOffsets.Sqes + Page) },
        { "mmap.private", c => c.Map(c.Ring, Page, MmapOffsets.SqRing, Libc.PROT_READ, Libc.MAP_PRIVATE) },
        {
            "mmap.nommap-ring", c => c.Unlike(
                c.Map(c.Ring, Page, MmapOffsets.SqRing),
                c.Map(RingInOwnMemory(c), Page, MmapOffsets.SqRing, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED))
        },
        {
            "mmap.pbuf-ok", c =>
            {
                RegisterMapped(c, 3);
                return c.Map(c.Ring, Page, MmapOffsets.PbufRing | 3 << MmapOffsets.PbufShift);
            }
        },
        {
            "mmap.pbuf-user-provided", c =>
            {
                RegisterMapped(c, 3);
                c.BufferRing(1);
                return c.Unlike(
                    c.Map(c.Ring, Page, MmapOffsets.PbufRing | 3 << MmapOffsets.PbufShift),
                    c.Map(c.Ring, Page, MmapOffsets.PbufRing | 1 << MmapOffsets.PbufShift));
            }
        },
    };

    private static readonly CaseList Calls = new()
    {
        { "ring-fd.read", c => c.Unlike(ReadFrom(c, c.EventFd(1)), ReadFrom(c, c.Ring.Descriptor)) },
        { "ring-fd.write", c => c.Unlike(WriteTo(c, c.EventFd()), WriteTo(c, c.Ring.Descriptor)) },
        { "ring-fd.poll-idle", c => c.PollOf(c.Ring, Libc.POLLIN | Libc.POLLOUT) },
    };

    private static long Unmappable(Case c, ulong offset) =>
        c.Unlike(c.Map(c.Ring, Page, MmapOffsets.SqRing), c.Map(c.Ring, Page, offset));

    private static long MapOfLargeRing(Case c, ulong offset) => c.Map(c.NewRing(entries: 4096), Page, offset);

    private static int RingInOwnMemory(Case c)
    {
        TestMemory memory = c.Memory(2 * Page);
        int ring = c.Seam.Setup(4, c.Put(new RingParams
        {
            Flags = SetupFlags.NoMmap,
            CqOff = new() { UserAddr = memory.Address },
            SqOff = new() { UserAddr = memory.At(Page) },
        }));
        Ok(ring, "setup");
        c.Cleanup(() => c.Seam.Release(ring));
        return ring;
    }

    private static void RegisterMapped(Case c, ushort group) =>
        Ok(c.Ring.RegisterBy(RegisterOp.RegisterPbufRing, new BufReg { RingEntries = 8, Bgid = group, Flags = PbufRingFlags.Mmap }));

    private static unsafe long ReadFrom(Case c, int descriptor) => Libc.Read(descriptor, (void*)c.Buffer, 8);

    private static unsafe long WriteTo(Case c, int descriptor) => Libc.Write(descriptor, (void*)c.Buffer, 8);
}
