using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>What tests of the client have in common.</summary>
internal static class ClientRing
{
    public static Ring Open(string engine, uint entries = 8, SetupFlags flags = 0, uint cqEntries = 0) =>
        new(entries, new RingOptions { Engine = TestEngines.Get(engine), Flags = flags, CqEntries = cqEntries });

    /// <summary>Queues NOPs with these user_data.</summary>
    public static void Nops(this Ring ring, params ReadOnlySpan<ulong> userData)
    {
        foreach (ulong value in userData)
            ring.GetSqe().PrepareNop().UserData = value;
    }

    /// <summary>Queues a read that stays parked until something is written to the pipe.</summary>
    public static void ReadOf(this Ring ring, TestPipe pipe, TestMemory memory, ulong userData) =>
        ring.GetSqe().PrepareRead(pipe.ReadEnd, memory.Address, 1, ulong.MaxValue).UserData = userData;

    /// <summary>Waits for that many completions, within bounds, and takes them.</summary>
    public static Cqe[] Take(this Ring ring, int count)
    {
        var taken = new Cqe[count];
        int have = 0;
        while (have < count)
        {
            WaitResult result = ring.SubmitAndWait(1, SeamRing.Patience);
            Assert.True(result.Status == WaitStatus.Ready, $"only {have} of {count} completions came: {result.Status}");
            have += ring.Reap(taken.AsSpan(have));
        }

        return taken;
    }

    public static ulong[] UserData(this IEnumerable<Cqe> completions) => [.. completions.Select(cqe => cqe.UserData)];

    /// <summary>The descriptor as a handle, which from now on closes it.</summary>
    public static OwnedHandle Handle(this TestDescriptor descriptor) => new(descriptor);
}

/// <summary>A handle that says when its descriptor was really closed.</summary>
internal sealed class OwnedHandle : SafeHandle
{
    private readonly TestDescriptor _descriptor;

    public OwnedHandle(TestDescriptor descriptor)
        : base(-1, ownsHandle: true)
    {
        _descriptor = descriptor;
        SetHandle(descriptor.Number);
    }

    public bool IsReleased { get; private set; }

    public override bool IsInvalid => handle < 0;

    protected override bool ReleaseHandle()
    {
        IsReleased = true;
        _descriptor.Close();
        return true;
    }
}
