using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Rings with registered files or buffers.</summary>
internal sealed partial class Case
{
    /// <summary>A ring with these files registered; -1 leaves a slot empty.</summary>
    public SeamRing RingOfFiles(params ReadOnlySpan<int> files)
    {
        SeamRing ring = NewRing();
        Assert.Equal(0, ring.RegisterFiles(files));
        return ring;
    }

    /// <summary>A ring with these buffers registered; a default one leaves a slot empty.</summary>
    public SeamRing RingOfBuffers(params ReadOnlySpan<IoVec> buffers)
    {
        SeamRing ring = NewRing();
        Assert.Equal(0, ring.RegisterBuffers(buffers));
        return ring;
    }
}
