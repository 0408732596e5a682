using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>io_uring_register apart from files and buffers: shapes, eventfd, probe, enabling.</summary>
public sealed unsafe class RegisterTests
{
    [Theory]
    [EveryEngine(100u)]
    [EveryEngine(63u)]
    [EveryEngine(0x7fff_ffffu)]
    public void An_unknown_operation_is_refused_before_the_descriptor_is_looked_at(string engine, uint operation)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Register((RegisterOp)operation));
        Assert.Equal(-Errno.EINVAL, ring.Engine.Register(TestDescriptor.Closed, (RegisterOp)operation, 0, 0));
    }

    [Theory, EveryEngine]
    public void Descriptors_that_are_no_ring_are_told_apart(string engine)
    {
        IRingEngine made = TestEngines.Get(engine);
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Assert.Equal(-Errno.EBADF, made.Register(TestDescriptor.Closed, RegisterOp.UnregisterBuffers, 0, 0));
        Assert.Equal(-Errno.EBADF, made.Register(-2, RegisterOp.UnregisterBuffers, 0, 0));
        Assert.Equal(-Errno.EINVAL, made.Register(-1, RegisterOp.UnregisterBuffers, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, made.Register(device, RegisterOp.UnregisterBuffers, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, made.Register(device, RegisterOp.RegisterBuffers, 0, 1));
    }

    [Theory]
    [EveryEngine(RegisterOp.UnregisterBuffers)]
    [EveryEngine(RegisterOp.UnregisterFiles)]
    [EveryEngine(RegisterOp.UnregisterEventFd)]
    public void Unregistering_takes_no_argument_and_needs_something_registered(string engine, RegisterOp operation)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ENXIO, ring.Register(operation));
        Assert.Equal(-Errno.EINVAL, ring.Register(operation, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(operation, TestMemory.Bad));
    }

    [Theory, EveryEngine]
    public void An_eventfd_is_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd();
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        foreach (RegisterOp operation in new[] { RegisterOp.RegisterEventFd, RegisterOp.RegisterEventFdAsync })
        {
            Assert.Equal(-Errno.EINVAL, ring.RegisterBy(operation, counter.Number, 0));
            Assert.Equal(-Errno.EINVAL, ring.RegisterBy(operation, counter.Number, 2));
            Assert.Equal(-Errno.EFAULT, ring.Register(operation, 0, 1));
            Assert.Equal(-Errno.EFAULT, ring.Register(operation, TestMemory.Bad, 1));
            Assert.Equal(-Errno.EBADF, ring.RegisterBy(operation, TestDescriptor.Closed));
            Assert.Equal(-Errno.EBADF, ring.RegisterBy(operation, -1));
            Assert.Equal(-Errno.EINVAL, ring.RegisterBy(operation, device.Number));
            Assert.Equal(-Errno.EINVAL, ring.RegisterBy(operation, ring.Descriptor));
            Assert.Equal(0, ring.RegisterBy(operation, counter.Number));
            Assert.Equal(-Errno.EBUSY, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
            Assert.Equal(-Errno.EBUSY, ring.RegisterBy(RegisterOp.RegisterEventFdAsync, TestDescriptor.Closed));
            Assert.Equal(0, ring.Register(RegisterOp.UnregisterEventFd));
        }
    }

    [Theory, EveryEngine]
    public void An_eventfd_is_raised_once_for_a_batch(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        ring.Nops(1, 2, 3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal(1, Count(counter));
        ring.Nops(4);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1, Count(counter));
        Assert.Equal(0, Count(counter));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterEventFd));
        ring.Nops(5);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Count(counter));
    }

    [Theory, EveryEngine]
    public void An_eventfd_is_raised_for_what_completes_elsewhere(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        using var pipe = new TestPipe();
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        ring.Next().PreparePollAdd(pipe.ReadEnd, (uint)Libc.POLLIN);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Count(counter));
        pipe.Write("x");
        Assert.Equal(1, Libc.Poll(counter, Libc.POLLIN, 10_000, out _));
        Assert.Equal(1, Count(counter));
        Assert.Equal(1, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void An_eventfd_stays_still_while_completions_are_held_back(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        ring.Nops(1, 2, 3, 4);
        Assert.Equal(4, ring.Submit());
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        ring.Nops(5);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Count(counter));
        ring.TakeReady();
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal((1L, 1u), (Count(counter), ring.Ready));
    }

    [Theory, EveryEngine]
    public void An_eventfd_is_raised_when_there_is_something_to_fetch(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        using var pipe = new TestPipe();
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        ring.Next().PreparePollAdd(pipe.ReadEnd, (uint)Libc.POLLIN);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Count(counter));
        pipe.Write("x");
        Assert.Equal(1, Libc.Poll(counter, Libc.POLLIN, 10_000, out _));
        Assert.Equal(0u, ring.Ready);
        Assert.Equal(1, Count(counter));
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal(1u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void An_eventfd_can_be_held_still(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        ring.CqFlags = CqRingFlags.EventFdDisabled;
        ring.Nops(1);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Count(counter));
        ring.CqFlags = 0;
        ring.Nops(2);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1, Count(counter));
    }

    [Theory, EveryEngine]
    public void An_eventfd_for_work_from_elsewhere_stays_still_for_inline_work(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        using TestFile file = TestFile.Create("x");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFdAsync, counter.Number));
        ring.Nops(1);
        ring.Next().PrepareRead(file, memory.Address, 1, 0);
        Assert.Equal(2, ring.Submit());
        ring.Take(2);
        Assert.Equal(0, Count(counter));
        ring.Next().PrepareRead(file, memory.Address, 1, 0).Flags = SqeFlags.Async;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1, Libc.Poll(counter, Libc.POLLIN, 10_000, out _));
    }

    [Theory, EveryEngine]
    public void An_eventfd_stays_registered_when_its_number_is_closed(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(0, Libc.EFD_NONBLOCK);
        using var kept = new TestDescriptor(Libc.Dup(counter));
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        counter.Close();
        ring.Nops(1);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1, Count(kept));
    }

    [Theory, EveryEngine]
    public void A_full_eventfd_blocks_nobody(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd();
        using var memory = new TestMemory();
        memory.Put(0, ulong.MaxValue - 1);
        Assert.Equal(8, Libc.Write(counter, (void*)memory.Address, 8));
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterEventFd, counter.Number));
        TestThread<int> submitter = TestThread.Start(() =>
        {
            ring.Nops(1);
            return ring.Submit();
        });
        Assert.Equal(1, submitter.Answer);
    }

    [Theory, EveryEngine]
    public void The_probe_lists_what_there_is(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.Register(RegisterOp.RegisterProbe, memory.Address, 256));
        Probe probe = memory.As<Probe>();
        Assert.Equal(((Opcode)62, (byte)63), (probe.LastOp, probe.OpsLen));
        ReadOnlySpan<ProbeOp> rows = MemoryMarshal.Cast<byte, ProbeOp>(memory[Probe.OpsOffset..][..(63 * sizeof(ProbeOp))]);
        Opcode[] needed =
        [
            Opcode.Nop, Opcode.Read, Opcode.Write, Opcode.Readv, Opcode.Writev, Opcode.ReadFixed, Opcode.WriteFixed, Opcode.ReadvFixed,
            Opcode.WritevFixed, Opcode.Fsync, Opcode.PollAdd, Opcode.Timeout, Opcode.AsyncCancel,
        ];
        for (int i = 0; i < 63; i++)
        {
            Assert.Equal((Opcode)i, rows[i].Op);
            if (needed.Contains(rows[i].Op))
                Assert.Equal(ProbeOpFlags.Supported, rows[i].Flags);
        }

        Assert.Equal(-1, memory[(Probe.OpsOffset + 63 * sizeof(ProbeOp))..].IndexOfAnyExcept((byte)0));
    }

    [Theory, EveryEngine]
    public void A_short_probe_lists_the_first_ones(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.Register(RegisterOp.RegisterProbe, memory.Address, 0));
        Assert.Equal(((Opcode)62, (byte)0), (memory.As<Probe>().LastOp, memory.As<Probe>().OpsLen));
        memory.Bytes.Clear();
        Assert.Equal(0, ring.Register(RegisterOp.RegisterProbe, memory.Address, 5));
        Assert.Equal(((Opcode)62, (byte)5), (memory.As<Probe>().LastOp, memory.As<Probe>().OpsLen));
        Assert.Equal(-1, memory[(Probe.OpsOffset + 5 * sizeof(ProbeOp))..].IndexOfAnyExcept((byte)0));
    }

    [Theory, EveryEngine]
    public void A_bad_probe_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterProbe, memory.Address, 257));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterProbe, 0, 256));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterProbe, TestMemory.Bad, 256));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterProbe, memory.End - 100, 256));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterProbe, TestMemory.ReadOnly, 256));
        memory.Bytes[100] = 1;
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterProbe, memory.Address, 256));
    }

    [Theory, EveryEngine]
    public void Only_a_disabled_ring_can_be_enabled_and_only_once(string engine)
    {
        using var enabled = new SeamRing(engine);
        Assert.Equal(-Errno.EBADFD, enabled.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(-Errno.EINVAL, enabled.Register(RegisterOp.RegisterEnableRings, 0, 1));
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(-Errno.EBADFD, ring.Register(RegisterOp.RegisterEnableRings));
    }

    [Theory, EveryEngine]
    public void A_disabled_ring_takes_registrations(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(file));
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 100 }));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        ring.Next().PrepareReadFixed(0, memory.Address, 100, 0, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal(3, ring.Result());
    }

    private static long Count(TestDescriptor counter)
    {
        long count = 0;
        return Libc.Read(counter, &count, sizeof(long)) == sizeof(long) ? count : 0;
    }
}
