using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Tests;

/// <summary>A ring that nobody refers to any more is released by the collector.</summary>
public sealed class ForgottenRingTests
{
    public static TheoryData<string> Engines => [TestEngines.Kernel, TestEngines.Managed];

    [Theory, MemberData(nameof(Engines))]
    public void A_forgotten_ring_gives_descriptor_and_mappings_back(string engine) => Child.Succeeds(Idle, [engine]);

    [Theory, MemberData(nameof(Engines))]
    public void A_forgotten_ring_with_a_parked_read_gives_the_file_back_too(string engine) => Child.Succeeds(Parked, [engine]);

    [Theory, MemberData(nameof(Engines))]
    public void A_forgotten_ring_that_polls_for_submissions_ends_its_thread(string engine) => Child.Succeeds(Polling, [engine]);

    [Theory, MemberData(nameof(Engines))]
    public void A_forgotten_client_ring_is_released(string engine) => Child.Succeeds(Client, [engine]);

    [Scenario]
    private static void Idle(string[] arguments) => ForgottenAndGone(() => Make(arguments[0], 0));

    [Scenario]
    private static void Parked(string[] arguments)
    {
        using var pipe = new TestPipe();
        Warm(arguments[0], pipe);
        ForgottenAndGone(() => ParkRead(Make(arguments[0], 0), pipe.ReadEnd));
        pipe.ReadEnd.Close();
        // The kernel ends a closed ring's requests in the background.
        Until.True(() => Libc.Poll(pipe.WriteEnd, 0, 0, out short ready) == 1 && (ready & Libc.POLLERR) != 0, "the pipe has no reader");
    }

    [Scenario]
    private static void Polling(string[] arguments) => ForgottenAndGone(() => Make(arguments[0], SetupFlags.SqPoll));

    [Scenario]
    private static void Client(string[] arguments)
    {
        using var pipe = new TestPipe();
        Warm(arguments[0], pipe);
        ForgottenAndGone(() =>
        {
            var ring = new Ring(4, new RingOptions { Engine = TestEngines.Get(arguments[0]) });
            ring.GetSqe().PreparePollAdd(pipe.ReadEnd, 1);
            Assert.Equal(1, ring.Submit());
        });
    }

    private static void ForgottenAndGone(Action forgetful)
    {
        forgetful();
        ProcessState.AwaitFinalizers(() => ProcessState.Now().Mappings.Length == 0);
        ProcessState before = ProcessState.Now();
        for (int i = 0; i < 5; i++)
            forgetful();
        Assert.NotEqual(before.Descriptors, ProcessState.Now().Descriptors);
        ProcessState.AwaitFinalizers(() => ProcessState.Now() == before);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RingMapping Make(string engine, SetupFlags flags)
    {
        RingParams parameters = SeamRing.Parameters(flags, idleMs: 1);
        Assert.Equal(0, RingMapping.TryCreate(TestEngines.Get(engine), 4, ref parameters, out RingMapping? mapping));
        return mapping!;
    }

    private static unsafe void ParkRead(RingMapping ring, int file)
    {
        ((Sqe*)ring.Sqes)[0].PrepareRead(file, TestMemory.ReadOnly, 1, ulong.MaxValue);
        *(uint*)(ring.SqRing + ring.Parameters.SqOff.Array) = 0;
        Volatile.Write(ref *(uint*)(ring.SqRing + ring.Parameters.SqOff.Tail), 1);
        Assert.Equal(1, ring.Engine.Enter(ring.Descriptor, 1, 0, 0, 0, 0));
        GC.KeepAlive(ring);
    }

    /// <summary>The process's poller, which stays, comes into being with the first request that waits.</summary>
    private static void Warm(string engine, TestPipe pipe)
    {
        using RingMapping ring = Make(engine, 0);
        ParkRead(ring, pipe.ReadEnd);
    }
}
