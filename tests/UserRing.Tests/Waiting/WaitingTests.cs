using UserRing.Abi;

namespace UserRing.Tests.Waiting;

/// <summary>
/// No operation keeps the thread that submits it: enter returns although the request cannot complete; and a cancel then ends it as the
/// kernel's does. Every operation is here, or said not to wait for anything.
/// </summary>
public sealed class WaitingTests(StallingFileSystem stalling) : IClassFixture<StallingFileSystem>
{
    internal const ulong Target = 7, Cancel = 100, Companion = 200;

    /// <summary>ERESTARTSYS</summary>
    private const int Restart = 512;

    public static TheoryData<string, string> Cases
    {
        get
        {
            string[] engines = [TestEngines.Kernel, TestEngines.Managed, TestEngines.Copying];
            return [.. from one in WaitingCases.All from engine in engines select (engine, one.Name)];
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Enter_returns_while_it_waits_and_a_cancel_ends_it(string engine, string name)
    {
        _ = TestEngines.Get(engine);
        WaitingCase one = WaitingCases.All.Single(one => one.Name == name);
        if (one.IsHeld)
            Assert.SkipUnless(stalling.Root is not null, $"No {stalling.Reason}");
        Assert.SkipWhen(one.KeepsKernel && engine == TestEngines.Kernel, "The kernel's engine keeps the submitter.");
        Assert.SkipWhen(one.KeepsCopying && engine == TestEngines.Copying, "To lend a duplicate is to wait for its close.");
        // All of it on one thread, since the kernel ends what a thread has submitted when that ends; and one that can be given up.
        Assert.True(TestThread.Start(() =>
        {
            using var scene = new Scene(engine, stalling);
            Play(one, scene);
            return true;
        }).Answer);
    }

    [Fact]
    public void Every_operation_waits_in_some_form_or_never()
    {
        Opcode[] waiting = [.. WaitingCases.All.Select(one => one.Opcode).Distinct()];
        Assert.Empty(waiting.Intersect(WaitingCases.NeverWait.Keys));
        Opcode[] known = [.. Enumerable.Range(0, AbiCounts.Opcodes).Select(number => (Opcode)number)];
        Assert.Equal(known, waiting.Union(WaitingCases.NeverWait.Keys).Order());
        Assert.Equal(WaitingCases.All.Length, WaitingCases.All.Select(one => one.Name).Distinct().Count());
    }

    private void Play(WaitingCase one, Scene scene)
    {
        SeamRing ring = scene.Ring;
        ref Sqe sqe = ref ring.Next();
        one.Prepare(scene, ref sqe);
        sqe.UserData = Target;
        bool isAsync = (sqe.Flags & SqeFlags.Async) != 0;
        int queued = ring.Submit();
        Assert.InRange(queued, 1, 2);
        if (one.IsHeld)
            stalling.AwaitHeld(1);
        Assert.True(ring.StaysQuiet(20));
        ring.Next().PrepareAsyncCancel(Target).UserData = Cancel;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = [];
        if (one.Ending == Ending.LeftAlone)
        {
            Cqe cancel = ring.Take();
            results.Add(cancel.UserData, cancel.Res);
            stalling.LetGoOn();
        }

        while (results.Count < queued + 1)
        {
            Cqe cqe = ring.Take();
            if ((cqe.Flags & CqeFlags.Notif) == 0) // a zero-copy send tells its end twice
                results.Add(cqe.UserData, cqe.Res);
        }

        AssertEnds(one, isAsync, results[Target], results[Cancel]);
        if (queued > 1)
            Assert.Equal(-Errno.ECANCELED, results[Companion]);
    }

    private static void AssertEnds(WaitingCase one, bool isAsync, int target, int cancel)
    {
        (int, int) expected = one.Ending switch
        {
            Ending.TakenOut => (-Errno.ECANCELED, 0),
            Ending.Swept => (-Errno.ECANCELED, 1),
            Ending.Interrupted => (-Errno.EINTR, -Errno.EALREADY),
            Ending.Restarted => (-Restart, -Errno.EALREADY),
            _ => (0, -Errno.EALREADY),
        };
        // On a busy machine a worker may not have got to it, or not yet let go of it to wait elsewhere.
        bool isByWorker = one.Ending is Ending.Restarted or Ending.Interrupted && !one.IsHeld;
        (int, int)[] also = isByWorker ? [(-Errno.ECANCELED, 0)] : isAsync ? [(-Errno.ECANCELED, -Errno.EALREADY)] : [];
        if (also.Contains((target, cancel)))
            return;
        Assert.Equal(expected, (target, cancel));
    }
}
