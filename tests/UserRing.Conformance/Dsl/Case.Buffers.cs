using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Memory that a ring is told of: buffer rings, the region of wait arguments.</summary>
internal sealed unsafe partial class Case
{
    private readonly Dictionary<SeamRing, nuint> _regions = [];

    /// <summary>Registers a buffer ring in memory of the case's; the address of that memory.</summary>
    public nuint BufferRing(ushort group, uint entries = 8) => BufferRing(Ring, group, entries);

    public nuint BufferRing(SeamRing ring, ushort group, uint entries = 8)
    {
        nuint at = Memory((int)entries * sizeof(Buf)).Address;
        var registration = new BufReg { RingAddr = at, RingEntries = entries, Bgid = group };
        Ok(ring.RegisterBy(RegisterOp.RegisterPbufRing, registration));
        return at;
    }

    /// <summary>Puts a buffer at the tail of a buffer ring.</summary>
    public void AddBuffer(nuint bufferRing, nuint address, uint length, ushort id, uint entries = 8)
    {
        ref BufRing header = ref At<BufRing>(bufferRing);
        ref Buf slot = ref At<Buf>(bufferRing + (header.Tail & (entries - 1)) * (nuint)sizeof(Buf));
        // Field by field: the tail lies in the last bytes of the first slot.
        (slot.Addr, slot.Len, slot.Bid) = (address, length, id);
        Volatile.Write(ref header.Tail, (ushort)(header.Tail + 1));
    }

    /// <summary>What PBUF_STATUS says of a group's head.</summary>
    public uint BufferRingHead(SeamRing ring, ushort group)
    {
        var status = new BufStatus { BufGroup = group };
        Ok(ring.Register(RegisterOp.RegisterPbufStatus, (nuint)(&status), 1));
        return status.Head;
    }

    /// <summary>A ring with a region of wait arguments, at <see cref="Region"/>.</summary>
    public SeamRing RingWithRegion(uint bytes = 4096)
    {
        SeamRing ring = NewRing(SetupFlags.RDisabled);
        nuint at = Memory((int)bytes).Address;
        nuint region = Put(new RegionDesc { UserAddr = at, Size = bytes, Flags = RegionDescFlags.TypeUser });
        Ok(ring.RegisterBy(RegisterOp.RegisterMemRegion, new MemRegionReg { RegionUptr = region, Flags = MemRegionFlags.RegWaitArg }));
        Ok(ring.Register(RegisterOp.RegisterEnableRings));
        _regions.Add(ring, at);
        return ring;
    }

    /// <summary>Where the wait arguments of such a ring lie.</summary>
    public nuint Region(SeamRing ring) => _regions[ring];
}
