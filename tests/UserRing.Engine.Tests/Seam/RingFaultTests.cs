using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Tests;

/// <summary>What a client sees of an engine's refusals.</summary>
public sealed class RingFaultTests
{
    private static readonly int[] Lasting = [Errno.EBADF, Errno.EFAULT, Errno.EINVAL, Errno.ENOMEM, Errno.EBADR, Errno.EEXIST, Errno.ENXIO];

    public static TheoryData<string> Engines => [TestEngines.Kernel, TestEngines.Managed];

    [Theory, MemberData(nameof(Engines))]
    public void A_refused_setup_or_mapping_is_an_exception_with_its_errno(string engine)
    {
        foreach (int errno in Lasting)
        {
            var noSetup = new FaultyEngine(TestEngines.Get(engine)).Answering(SeamCall.Setup, -errno);
            AssertErrno(errno, () => new Ring(4, new RingOptions { Engine = noSetup }).Dispose());
            var noMap = new FaultyEngine(TestEngines.Get(engine)).Answering(SeamCall.Map, 0, -errno);
            AssertErrno(errno, () => new Ring(4, new RingOptions { Engine = noMap }).Dispose());
            Assert.Empty(noMap.Alive);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public void A_refused_enter_is_an_exception_and_the_ring_goes_on(string engine)
    {
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        foreach (int errno in Lasting)
        {
            ring.GetSqe().PrepareNop().UserData = (ulong)errno;
            faults.Answering(SeamCall.Enter, -errno, -errno);
            AssertErrno(errno, () => ring.Submit());
            AssertErrno(errno, () => ring.SubmitAndWait(1));
            Assert.Equal(1, ring.SubmitAndWait(1));
            Assert.Equal((ulong)errno, ring.WaitOne().UserData);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public void A_refused_register_is_an_exception_and_the_ring_goes_on(string engine)
    {
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        foreach (int errno in Lasting)
        {
            faults.Answering(SeamCall.Register, -errno, -errno, -errno);
            AssertErrno(errno, () => ring.RegisterSparseFiles(2));
            AssertErrno(errno, () => ring.Probe());
            Assert.Equal(-errno, ring.Register(RegisterOp.UnregisterFiles, 0, 0));
        }

        ring.RegisterSparseFiles(2);
        ring.UnregisterFiles();
    }

    [Theory, MemberData(nameof(Engines))]
    public void An_interrupted_submit_is_repeated(string engine)
    {
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        ring.GetSqe().PrepareNop();
        int before = faults.Seen(SeamCall.Enter);
        faults.Answering(SeamCall.Enter, -Errno.EINTR, -Errno.EINTR, -Errno.EINTR);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(before + 4, faults.Seen(SeamCall.Enter));
    }

    [Theory, MemberData(nameof(Engines))]
    public void An_interrupted_wait_goes_on_and_keeps_its_time(string engine)
    {
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        faults.Answering(SeamCall.Enter, -Errno.EINTR, -Errno.EINTR);
        WaitResult waited = ring.SubmitAndWait(1, TimeSpan.FromMilliseconds(20));
        Assert.Equal((0, WaitStatus.TimedOut), (waited.Submitted, waited.Status));

        ring.GetSqe().PrepareNop();
        faults.Answering(SeamCall.Enter, -Errno.EINTR);
        waited = ring.SubmitAndWait(1, SeamRing.Patience);
        Assert.Equal((1, WaitStatus.Ready), (waited.Submitted, waited.Status));
    }

    [Theory, MemberData(nameof(Engines))]
    public void A_signal_under_the_waiters_own_mask_is_told(string engine)
    {
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        faults.Answering(SeamCall.Enter, -Errno.EINTR);
        WaitResult waited = ring.SubmitAndWait(1, SeamRing.Patience, signalMask: 0);
        Assert.Equal((0, WaitStatus.Interrupted), (waited.Submitted, waited.Status));
    }

    [Theory, MemberData(nameof(Engines))]
    public void A_short_engine_takes_nothing_now_and_all_later(string engine)
    {
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        foreach (int errno in (int[])[Errno.EAGAIN, Errno.EBUSY])
        {
            ring.GetSqe().PrepareNop().UserData = 1;
            faults.Answering(SeamCall.Enter, -errno, -errno, -errno);
            Assert.Equal(0, ring.Submit());
            Assert.Equal(0, ring.SubmitAndWait(1));
            WaitResult waited = ring.SubmitAndWait(1, SeamRing.Patience);
            Assert.Equal((0, WaitStatus.Interrupted), (waited.Submitted, waited.Status));
            Assert.Equal(0u, ring.CqReady);
            Assert.Equal(1ul, ring.WaitOne().UserData);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public void A_refused_release_ends_the_ring_all_the_same(string engine)
    {
        Ring ring = Faulty(engine, out FaultyEngine faults);
        faults.Answering(SeamCall.Release, -Errno.EIO);
        ring.Dispose();
        ring.Dispose();
        Assert.Equal((1, false), (faults.Seen(SeamCall.Release), faults.ReleasedTwice));
        Assert.Throws<ObjectDisposedException>(() => ring.Submit());
    }

    [Theory, MemberData(nameof(Engines))]
    public void A_file_and_its_buffer_are_let_go_of_although_calls_are_refused(string engine)
    {
        using var pipe = new TestPipe();
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(Libc.Dup(pipe.ReadEnd), ownsHandle: true);
        Ring ring = Faulty(engine, out FaultyEngine faults);
        ring.Read(handle, new byte[16], -1);
        Assert.Equal(1, ring.Submit());
        faults.Answering(SeamCall.Enter, -Errno.EINTR, -Errno.EAGAIN, -Errno.EBUSY, -Errno.EINTR);
        ring.Dispose();
        handle.Dispose();
        pipe.ReadEnd.Close();
        // Nobody holds the read end any more, once the engine's threads have let go of it.
        Until.True(() => Libc.Poll(pipe.WriteEnd, 0, 0, out short ready) == 1 && (ready & Libc.POLLERR) != 0, "the pipe has no reader");
    }

    /// <summary>Every refusal is temporary and comes by chance: nothing is lost, nothing comes twice.</summary>
    [Theory, MemberData(nameof(Engines))]
    public void Refusals_by_chance_lose_nothing(string engine)
    {
        int requests = Campaign.Rounds(4000);
        using Ring ring = Faulty(engine, out FaultyEngine faults);
        faults.ByChance(1, 0.3, -Errno.EINTR, -Errno.EAGAIN, -Errno.EBUSY);
        var random = new Random(2);
        ulong sent = 0, got = 0;
        long refused = 0;
        while (got < (ulong)requests)
        {
            while (sent < (ulong)requests && random.Next(4) != 0 && ring.TryGetSqe(out SqeReference sqe))
                sqe.Value.PrepareNop().UserData = sent++;
            if (ring.Submit() == 0)
                refused++;
            if (random.Next(2) == 0 && got < sent)
                Assert.Equal(got++, ring.WaitOne().UserData);
            while (ring.TryPeek(out Cqe cqe))
            {
                Assert.Equal(got++, cqe.UserData);
                ring.Advance(1);
            }
        }

        faults.ByChance(0, 0);
        Assert.True(refused > requests / 100, $"only {refused} refused");
        Assert.Equal((sent, 0u, 0u), (got, ring.CqReady, ring.Dropped));
    }

    private static Ring Faulty(string engine, out FaultyEngine faults)
    {
        faults = new FaultyEngine(TestEngines.Get(engine));
        return new Ring(8, new RingOptions { Engine = faults });
    }

    private static void AssertErrno(int errno, Action call)
    {
        RingException refused = Assert.Throws<RingException>(call);
        Assert.Equal(errno, refused.ErrorNumber);
        Assert.Contains(Errno.Name(errno), refused.Message);
    }
}
