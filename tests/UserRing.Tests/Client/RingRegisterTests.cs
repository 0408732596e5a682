using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>What a ring is made with, and what is registered with it.</summary>
public sealed unsafe class RingRegisterTests
{
    [Theory, EveryEngine]
    public void Registered_buffers_serve_reads_until_they_are_replaced_or_unregistered(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        using TestFile file = TestFile.Create("hello");
        using var memory = new TestMemory(2 * 4096);
        IoVec first = new() { Base = memory.Address, Len = 4096 }, second = new() { Base = memory.At(4096), Len = 4096 };
        ring.RegisterBuffers([first]);
        Refused(Errno.EBUSY, () => ring.RegisterBuffers([first]));
        Assert.Equal(5, ReadFixed(0));
        Assert.Equal("hello"u8, memory[..5]);
        Assert.Equal(-Errno.EFAULT, ReadFixed(4096));
        Assert.Equal(1, ring.UpdateBuffers(0, [second]));
        Assert.Equal(-Errno.EFAULT, ReadFixed(0));
        Assert.Equal(5, ReadFixed(4096));
        ring.UnregisterBuffers();
        Assert.Equal(-Errno.EFAULT, ReadFixed(4096));
        Refused(Errno.ENXIO, ring.UnregisterBuffers);
        ring.RegisterSparseBuffers(3);
        Assert.Equal(-Errno.EFAULT, ReadFixed(0));
        Assert.Equal(2, ring.UpdateBuffers(0, [first, second]));
        Assert.Equal(5, ReadFixed(0));
        Refused(Errno.EINVAL, () => ring.UpdateBuffers(3, [first]));

        int ReadFixed(int offset)
        {
            ring.GetSqe().PrepareReadFixed(file, memory.At(offset), 5, 0, 0);
            return ring.Take(1)[0].Res;
        }
    }

    [Theory, EveryEngine]
    public void Registered_files_stay_open_until_they_are_replaced_or_unregistered(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        TestFile abc = TestFile.Create("abc"), hello = TestFile.Create("hello");
        using var memory = new TestMemory();
        ring.RegisterFiles([abc.Number, -1]);
        Refused(Errno.EBUSY, () => ring.RegisterFiles([abc.Number]));
        abc.Close();
        Assert.Equal((3, -Errno.EBADF), (Read(0), Read(1)));
        Assert.Equal(2, ring.UpdateFiles(0, [-2, hello.Number]));
        hello.Close();
        Assert.Equal((3, 5), (Read(0), Read(1)));
        Assert.Equal(1, ring.UpdateFiles(0, [-1]));
        Assert.Equal((-Errno.EBADF, 5), (Read(0), Read(1)));
        Refused(Errno.EBADF, () => ring.UpdateFiles(0, [TestDescriptor.Closed]));
        ring.UnregisterFiles();
        Refused(Errno.ENXIO, ring.UnregisterFiles);
        Assert.Equal(-Errno.EBADF, Read(1));
        ring.RegisterSparseFiles(2);
        Assert.Equal(-Errno.EBADF, Read(1));

        int Read(int index)
        {
            ring.GetSqe().PrepareRead(index, memory.Address, 100, 0).Flags = SqeFlags.FixedFile;
            return ring.Take(1)[0].Res;
        }
    }

    [Theory, EveryEngine]
    public void Files_can_be_registered_by_their_handles(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        OwnedHandle abc = TestFile.Create("abc").Handle(), hello = TestFile.Create("hello").Handle();
        using var memory = new TestMemory();
        ring.RegisterFiles([abc, hello]);
        abc.Dispose();
        Assert.True(abc.IsReleased, "the ring has a reference of its own");
        ring.GetSqe().PrepareRead(0, memory.Address, 100, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal(3, ring.Take(1)[0].Res);
        ring.UnregisterFiles();
        Assert.Throws<ObjectDisposedException>(() => ring.RegisterFiles([hello, abc]));
        hello.Dispose();
        Assert.True(hello.IsReleased, "a refused registration holds nothing");
    }

    [Theory, EveryEngine]
    public void An_eventfd_is_raised_with_every_completion(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        OwnedHandle handle = TestDescriptor.EventFd(flags: Libc.EFD_NONBLOCK).Handle();
        ring.RegisterEventFd(handle);
        Refused(Errno.EBUSY, () => ring.RegisterEventFd(handle));
        ring.Nops(1);
        ring.Submit();
        ulong count = 0;
        Assert.Equal(8, Libc.Read((int)handle.DangerousGetHandle(), &count, 8));
        Assert.Equal(1ul, count);
        ring.UnregisterEventFd();
        Refused(Errno.ENXIO, ring.UnregisterEventFd);
        ring.Nops(1);
        ring.Submit();
        Assert.Equal(-Errno.EAGAIN, Libc.Read((int)handle.DangerousGetHandle(), &count, 8));
        handle.Dispose();
        Assert.True(handle.IsReleased);
    }

    [Theory, EveryEngine]
    public void The_probe_tells_what_the_engine_does(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        Assert.True(ring.Probe().Supports(Opcode.Nop) && ring.Probe().Supports(Opcode.AsyncCancel));
        Assert.False(ring.Probe().Supports((Opcode)250));
    }

    [Theory, EveryEngine]
    public void A_ring_made_disabled_works_once_it_is_enabled(string engine)
    {
        using Ring ring = ClientRing.Open(engine, flags: SetupFlags.RDisabled);
        ring.Nops(1);
        Assert.Contains("Enable", Refused(Errno.EBADFD, () => ring.Submit()));
        ring.Enable();
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1ul, ring.WaitOne().UserData);
        Refused(Errno.EBADFD, ring.Enable);
    }

    [Theory, EveryEngine]
    public void The_raw_call_answers_instead_of_throwing(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterFiles, 0, 0));
        Assert.Equal(-Errno.EINVAL, ring.Register((RegisterOp)100, 0, 0));
    }

    [Theory, EveryEngine]
    public void Another_thread_on_a_ring_with_a_single_issuer_is_told_so(string engine)
    {
        using Ring ring = ClientRing.Open(engine, flags: SetupFlags.SingleIssuer);
        ring.Nops(1);
        TestThread<string> other = TestThread.Start(() => Refused(Errno.EEXIST, () => ring.Submit()));
        Assert.Contains("SINGLE_ISSUER", other.Answer);
        Assert.Equal(1, ring.Submit());
    }

    [Theory, EveryEngine]
    public void A_ring_has_the_sizes_asked_for_rounded_up(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 5);
        Assert.Equal((8u, 16u), (ring.SqEntries, ring.CqEntries));
        using Ring wide = ClientRing.Open(engine, 5, cqEntries: 100);
        Assert.Equal((8u, 128u), (wide.SqEntries, wide.CqEntries));
        Assert.True((ring.Features & (RingFeatures.NoDrop | RingFeatures.ExtArg)) == (RingFeatures.NoDrop | RingFeatures.ExtArg));
        Assert.Null(ring.FallbackReason);
    }

    [Theory, EveryEngine]
    public void A_ring_that_cannot_be_says_why(string engine)
    {
        Assert.Contains("at least one", Refused(Errno.EINVAL, () => ClientRing.Open(engine, 0)));
        Assert.Contains("at most 32768", Refused(Errno.EINVAL, () => ClientRing.Open(engine, 32769)));
        Assert.Contains("at most 65536", Refused(Errno.EINVAL, () => ClientRing.Open(engine, 8, cqEntries: 65537)));
        Assert.Contains("smaller", Refused(Errno.EINVAL, () => ClientRing.Open(engine, 64, cqEntries: 8)));
        Assert.Throws<ArgumentException>(() => ClientRing.Open(engine, 8, SetupFlags.Sqe128));
        Assert.Throws<ArgumentException>(() => ClientRing.Open(engine, 8, SetupFlags.Cqe32));
        using Ring clamped = ClientRing.Open(engine, 32769, SetupFlags.Clamp);
        Assert.Equal(32768u, clamped.SqEntries);
    }

    private static string Refused(int error, Action call)
    {
        RingException refusal = Assert.Throws<RingException>(call);
        Assert.Equal(error, refusal.ErrorNumber);
        Assert.Contains($"{Errno.Name(error)} ({Marshal.GetPInvokeErrorMessage(error)})", refusal.Message);
        return refusal.Message;
    }
}
