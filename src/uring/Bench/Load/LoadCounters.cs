using System.Runtime.InteropServices;

namespace UserRing.Tool.Bench.Load;

/// <summary>One thread's counts, on cache lines that no other thread writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct LoadCounters
{
    [FieldOffset(128)]
    public long Requests;

    [FieldOffset(136)]
    public long Calls;

    [FieldOffset(144)]
    public long Errors;

    [FieldOffset(152)]
    public long Verified;
}

/// <summary>What the measuring thread tells the loads.</summary>
internal sealed class LoadSwitches
{
    private volatile bool _recording;
    private volatile bool _stop;

    /// <summary>The warm-up is over.</summary>
    public bool Recording
    {
        get => _recording;
        set => _recording = value;
    }

    public bool Stop
    {
        get => _stop;
        set => _stop = value;
    }
}
