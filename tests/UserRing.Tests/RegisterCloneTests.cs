using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Registered buffers that one ring takes over from another.</summary>
public sealed unsafe class RegisterCloneTests
{
    [Theory, EveryEngine]
    public void Buffers_are_shared_and_outlive_their_first_ring(string engine)
    {
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("abcdef");
        using var source = new SeamRing(engine);
        using var ring = new SeamRing(engine);
        Assert.Equal(0, source.RegisterBuffers(Part(memory, 0), default, Part(memory, 128)));
        Assert.Equal(0, Clone(ring, source));
        Assert.Equal(0, source.Register(RegisterOp.UnregisterBuffers));
        source.Unmap();
        Assert.Equal(0, source.Release());
        Assert.Equal(6, Read(ring, file, memory.At(0), 0));
        Assert.Equal(-Errno.EFAULT, Read(ring, file, memory.At(0), 1));
        Assert.Equal(6, Read(ring, file, memory.At(128), 2));
        Assert.Equal(-Errno.EFAULT, Read(ring, file, memory.At(0), 2));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
    }

    [Theory, EveryEngine]
    public void A_table_is_replaced_only_where_asked_for(string engine)
    {
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("abcdef");
        using var source = new SeamRing(engine);
        using var ring = new SeamRing(engine);
        Assert.Equal(0, source.RegisterBuffers(Part(memory, 0), Part(memory, 128)));
        Assert.Equal(0, ring.RegisterBuffers(Part(memory, 512), Part(memory, 640), Part(memory, 768)));
        Assert.Equal(-Errno.EBUSY, Clone(ring, source));
        Assert.Equal(0, Clone(ring, source, CloneBuffersFlags.DstReplace, from: 1, to: 1, count: 1));
        Assert.Equal(6, Read(ring, file, memory.At(512), 0));
        Assert.Equal(6, Read(ring, file, memory.At(128), 1));
        Assert.Equal(6, Read(ring, file, memory.At(768), 2));
        Assert.Equal(0, Clone(ring, source, CloneBuffersFlags.DstReplace, from: 0, to: 4, count: 2)); // the table grows
        Assert.Equal(6, Read(ring, file, memory.At(768), 2));
        Assert.Equal(-Errno.EFAULT, Read(ring, file, memory.At(768), 3));
        Assert.Equal(6, Read(ring, file, memory.At(128), 5));
    }

    [Theory, EveryEngine]
    public void A_ring_may_clone_its_own(string engine)
    {
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("abcdef");
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.RegisterBuffers(Part(memory, 0), Part(memory, 128)));
        Assert.Equal(-Errno.EBUSY, Clone(ring, ring));
        Assert.Equal(0, Clone(ring, ring, CloneBuffersFlags.DstReplace, from: 0, to: 1, count: 1));
        Assert.Equal(6, Read(ring, file, memory.At(0), 1));
        Assert.Equal(-Errno.EFAULT, Read(ring, file, memory.At(128), 1));
    }

    [Theory, EveryEngine]
    public void The_tag_of_a_replaced_buffer_is_posted(string engine)
    {
        using var memory = new TestMemory();
        using var source = new SeamRing(engine);
        using var ring = new SeamRing(engine);
        Assert.Equal(0, source.RegisterBuffers(Part(memory, 0)));
        memory.Put(1024, Part(memory, 128), Part(memory, 256));
        var table = new RsrcRegister { Nr = 2, Data = memory.At(1024), Tags = memory.Put(2048, 71ul, 72ul) };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterBuffers2, table, (uint)sizeof(RsrcRegister)));
        Assert.Equal(0, Clone(ring, source, CloneBuffersFlags.DstReplace, from: 0, to: 1, count: 1));
        Assert.Equal(72ul, ring.Take().UserData);
        Assert.Equal(0u, ring.Ready);
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.Equal(71ul, ring.Take().UserData);
        Assert.True(ring.StaysQuiet(1)); // a clone has no tag
    }

    [Theory, EveryEngine]
    public void Ranges_are_checked(string engine)
    {
        using var memory = new TestMemory();
        using var source = new SeamRing(engine);
        using var empty = new SeamRing(engine);
        using var ring = new SeamRing(engine);
        const CloneBuffersFlags Replace = CloneBuffersFlags.DstReplace;
        Assert.Equal(0, source.RegisterBuffers(Part(memory, 0), Part(memory, 128), default, default));
        Assert.Equal(-Errno.EINVAL, Clone(ring, source, from: 1));
        Assert.Equal(-Errno.EINVAL, Clone(ring, source, to: 1));
        Assert.Equal(-Errno.EINVAL, Clone(ring, source, count: 5));
        Assert.Equal(-Errno.EOVERFLOW, Clone(ring, source, from: 1, count: 4));
        Assert.Equal(-Errno.EOVERFLOW, Clone(ring, source, from: uint.MaxValue, count: 4));
        Assert.Equal(-Errno.EOVERFLOW, Clone(ring, source, to: uint.MaxValue, count: 4));
        Assert.Equal(-Errno.EINVAL, Clone(ring, source, to: 16384, count: 1));
        Assert.Equal(-Errno.ENXIO, Clone(ring, empty));
        Assert.Equal(-Errno.ENXIO, Clone(ring, empty, count: 1));
        Assert.Equal(-Errno.EINVAL, Clone(ring, empty, from: 1));
        Assert.Equal(0, Clone(ring, source, to: 16383, count: 1));
        Assert.Equal(-Errno.EBUSY, Clone(ring, empty, from: 1));
        Assert.Equal(-Errno.ENXIO, Clone(ring, empty, Replace));
    }

    [Theory, EveryEngine]
    public void Arguments_are_checked(string engine)
    {
        using var memory = new TestMemory();
        using var source = new SeamRing(engine);
        using var ring = new SeamRing(engine);
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Assert.Equal(0, source.RegisterBuffers(Part(memory, 0)));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterCloneBuffers, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterCloneBuffers, default(CloneBuffers), 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterCloneBuffers, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EINVAL, Clone(ring, source, (CloneBuffersFlags)4));
        var padded = new CloneBuffers { SrcFd = (uint)source.Descriptor, Pad2 = 1 };
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterCloneBuffers, padded));
        Assert.Equal(-Errno.EBUSY, source.RegisterBy(RegisterOp.RegisterCloneBuffers, padded));
        Assert.Equal(-Errno.EBADF, CloneBy(ring, TestDescriptor.Closed));
        Assert.Equal(-Errno.EOPNOTSUPP, CloneBy(ring, device.Number));
        Assert.Equal(-Errno.EINVAL, CloneBy(ring, 16, CloneBuffersFlags.SrcRegistered));
    }

    [Theory, EveryEngine]
    public void The_source_may_be_a_registered_ring(string engine) => Assert.Equal(0, TestThread.Start(() =>
    {
        using var memory = new TestMemory();
        using var source = new SeamRing(engine);
        using var ring = new SeamRing(engine);
        Assert.Equal(0, source.RegisterBuffers(Part(memory, 0)));
        Assert.Equal(-Errno.EBADF, CloneBy(ring, 3, CloneBuffersFlags.SrcRegistered));
        Assert.Equal(1, ring.RegisterBy(RegisterOp.RegisterRingFds, new RsrcUpdate { Offset = 3, Data = (ulong)source.Descriptor }));
        Assert.Equal(0, CloneBy(ring, 3, CloneBuffersFlags.SrcRegistered));
        return 0;
    }).Answer);

    [Theory, EveryEngine]
    public void A_ring_of_another_thread_alone_is_refused(string engine)
    {
        using var memory = new TestMemory();
        using var ring = new SeamRing(engine);
        using SeamRing source = TestThread.Start(() =>
        {
            var made = new SeamRing(engine, flags: SetupFlags.SingleIssuer);
            Assert.Equal(0, made.RegisterBuffers(Part(memory, 0)));
            return made;
        }).Answer;
        Assert.Equal(-Errno.EEXIST, Clone(ring, source));
    }

    [Theory]
    [InlineData(TestEngines.Managed, TestEngines.Kernel)]
    [InlineData(TestEngines.Managed, TestEngines.Copying)]
    public void A_ring_of_another_engine_is_refused(string engine, string other)
    {
        using var source = new SeamRing(other);
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, Clone(ring, source));
    }

    private static IoVec Part(TestMemory memory, int offset) => new() { Base = memory.At(offset), Len = 100 };

    private static int Read(SeamRing ring, int file, nuint address, ushort buffer) =>
        ring.Do(new Sqe { Opcode = Opcode.ReadFixed, Fd = file, Addr = address, Len = 100, BufIndex = buffer });

    private static int Clone(SeamRing ring, SeamRing source, CloneBuffersFlags flags = 0, uint from = 0, uint to = 0, uint count = 0) =>
        CloneBy(ring, source.Descriptor, flags, from, to, count);

    private static int CloneBy(SeamRing ring, int source, CloneBuffersFlags flags = 0, uint from = 0, uint to = 0, uint count = 0) =>
        ring.RegisterBy(
            RegisterOp.RegisterCloneBuffers,
            new CloneBuffers { SrcFd = (uint)source, Flags = flags, SrcOff = from, DstOff = to, Nr = count });
}
