using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>How a program that does not wait in the ring learns of completions: poll(2), and the signal of the first io_uring.</summary>
public sealed class NotificationTests
{
    private static readonly int PatienceMs = (int)SeamRing.Patience.TotalMilliseconds;

    public static TheoryData<string> Engines => ["kernel", "managed"];

    [Theory]
    [MemberData(nameof(Engines))]
    public void The_poll_descriptor_is_readable_exactly_while_completions_are_unread(string engine)
    {
        using Ring ring = Open(engine);
        int descriptor = ring.PollDescriptor;
        Assert.False(IsReadable(descriptor));

        for (int round = 0; round < 3; round++)
        {
            ring.GetSqe().PrepareNop();
            ring.GetSqe().PrepareNop();
            Assert.Equal(2, ring.Submit());
            Assert.True(IsReadable(descriptor));

            ring.Advance(TakeOne(ring));
            Assert.True(IsReadable(descriptor));
            ring.Advance(TakeOne(ring));
            Assert.False(IsReadable(descriptor));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void The_poll_descriptor_wakes_a_poller_when_a_parked_request_completes(string engine)
    {
        using Ring ring = Open(engine);
        int descriptor = ring.PollDescriptor;
        var time = new KernelTimespec { TvNsec = 20_000_000 };
        Submit(ring, ref time);

        Assert.Equal(1, Libc.Poll(descriptor, Libc.POLLIN, PatienceMs, out _));
        Assert.True(ring.TryPeek(out Cqe cqe));
        Assert.Equal(-Errno.ETIME, cqe.Res);
    }

    [Fact]
    public void A_managed_ring_sends_the_signal_that_was_asked_for()
    {
        using Ring ring = Open("managed");
        ring.SignalOnCompletion(TestSignals.Plain, Libc.Gettid());
        using var quiet = new Microsoft.Win32.SafeHandles.SafeFileHandle(Libc.Eventfd(0, 0), ownsHandle: true);

        // The signal may come before the wait begins; then the next one ends it.
        int answer = 0;
        for (int attempt = 0; attempt < 50 && answer != -Errno.EINTR; attempt++)
        {
            var time = new KernelTimespec { TvNsec = 10_000_000 };
            Submit(ring, ref time);
            answer = Libc.Poll((int)quiet.DangerousGetHandle(), Libc.POLLIN, 200, out _);
        }

        Assert.Equal(-Errno.EINTR, answer);
        ring.SignalOnCompletion(0);
    }

    [Fact]
    public void A_kernel_ring_refuses_to_send_a_signal()
    {
        using Ring ring = Open("kernel");
        RingException refusal = Assert.Throws<RingException>(() => ring.SignalOnCompletion(TestSignals.Plain));
        Assert.Equal(Errno.EOPNOTSUPP, refusal.ErrorNumber);
    }

    private static Ring Open(string engine)
    {
        try
        {
            return new Ring(8, new RingOptions { Engine = RingEngines.Parse(engine) });
        }
        catch (RingException refusal) when (engine == "kernel")
        {
            Requirements.SkipUnless(false, $"the kernel's io_uring is not to be had: {refusal.Message}");
            throw;
        }
    }

    private static unsafe void Submit(Ring ring, ref KernelTimespec time)
    {
        fixed (KernelTimespec* address = &time)
        {
            ring.GetSqe().PrepareTimeout((nuint)address, 0, 0);
            Assert.Equal(1, ring.Submit()); // the timespec is ours again
        }
    }

    private static uint TakeOne(Ring ring) => ring.TryPeek(out _) ? 1u : 0u;

    private static bool IsReadable(int descriptor) =>
        Libc.Poll(descriptor, Libc.POLLIN, 0, out short ready) > 0 && (ready & Libc.POLLIN) != 0;
}
