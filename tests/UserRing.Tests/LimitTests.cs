using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>What a process may have: locked memory, descriptors. Each in a child, since limits stay.</summary>
public sealed unsafe class LimitTests
{
    private const ulong Kilobyte = 1024;

    [Theory, EveryEngine]
    public void Ring_memory_counts_as_locked(string engine) => InChild(LittleLockedMemory, engine);

    [Theory, EveryEngine]
    public void Without_locked_memory_there_is_no_ring(string engine) => InChild(NoLockedMemory, engine);

    [Theory, EveryEngine]
    public void Registered_buffers_count_as_locked(string engine) => InChild(LockedBuffers, engine);

    [Theory, EveryEngine]
    public void Root_is_not_limited(string engine) => InChild(LockedByRoot, engine);

    [Theory, EveryEngine]
    public void Without_a_descriptor_there_is_no_ring(string engine) => InChild(NoDescriptor, engine);

    [Theory, EveryEngine(InPlace = true)] // the copying caller cannot do without duplicates
    public void Without_a_descriptor_requests_are_served_all_the_same(string engine) => InChild(FewDescriptors, engine);

    [Scenario]
    private static void LittleLockedMemory(string[] arguments)
    {
        IRingEngine engine = TestEngines.Get(arguments[0]);
        Confinement.LockAtMost(64 * Kilobyte);
        RingParams parameters = default;
        Assert.Equal(-Errno.ENOMEM, engine.Setup(4096, (nuint)(&parameters)));
        // What was refused was not charged, and what is given back can be had again, though not at once on the kernel.
        for (int round = 0; round < 20; round++)
            Assert.Equal(0, engine.Release(SetupOnceThereIsRoom(engine, 256)));
        int first = SetupOnceThereIsRoom(engine, 256), second = SetupOnceThereIsRoom(engine, 256);
        parameters = default;
        Assert.Equal(-Errno.ENOMEM, engine.Setup(256, (nuint)(&parameters)));
        Assert.Equal(0, engine.Release(first));
        Assert.Equal(0, engine.Release(SetupOnceThereIsRoom(engine, 256)));
        Assert.Equal(0, engine.Release(second));
    }

    [Scenario]
    private static void NoLockedMemory(string[] arguments)
    {
        IRingEngine engine = TestEngines.Get(arguments[0]);
        Confinement.LockAtMost(0);
        RingParams parameters = default;
        Assert.Equal(-Errno.ENOMEM, engine.Setup(4, (nuint)(&parameters)));
        Assert.Equal(-Errno.EINVAL, engine.Setup(0, (nuint)(&parameters)));
    }

    [Scenario]
    private static void LockedBuffers(string[] arguments)
    {
        using var memory = new TestMemory(1 << 20);
        Confinement.LockAtMost(256 * Kilobyte);
        using var ring = new SeamRing(arguments[0], 4);
        Assert.Equal(-Errno.ENOMEM, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 1 << 20 }));
        Assert.Equal(-Errno.ENOMEM, ring.RegisterBuffers(Part(memory, 0, 64), Part(memory, 256, 512)));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterBuffers));
        for (int round = 0; round < 20; round++)
        {
            Assert.Equal(0, ring.RegisterBuffers(Part(memory, 0, 128)));
            memory.Put(1 << 19, Part(memory, 0, 512));
            var update = new RsrcUpdate2 { Nr = 1, Data = memory.At(1 << 19) };
            Assert.Equal(-Errno.ENOMEM, ring.RegisterBy(RegisterOp.RegisterBuffersUpdate, update, (uint)sizeof(RsrcUpdate2)));
            Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        }
    }

    [Scenario]
    private static void LockedByRoot(string[] arguments)
    {
        if (Libc.Geteuid() != 0)
            return;
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_MEMLOCK, 4 * Kilobyte, 4 * Kilobyte));
        using var ring = new SeamRing(arguments[0], 4096);
        using var memory = new TestMemory(1 << 20);
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 1 << 20 }));
    }

    [Scenario]
    private static void NoDescriptor(string[] arguments)
    {
        IRingEngine engine = TestEngines.Get(arguments[0]);
        // Everything that is opened once is open before the numbers run out.
        using (var ring = new SeamRing(engine, 4, default))
            ring.Nops(1);
        List<int> all = TakeAllDescriptors();
        RingParams parameters = default;
        int refused = engine.Setup(4, (nuint)(&parameters));
        Libc.Close(all[^1]);
        RingParams second = default;
        int granted = engine.Setup(4, (nuint)(&second));
        // The runtime needs some too, to load what an assertion needs.
        all.ForEach(number => Libc.Close(number == granted ? -1 : number));
        Assert.Equal((-Errno.EMFILE, all[^1]), (refused, granted));
        Assert.Equal(0, engine.Release(granted));
    }

    [Scenario]
    private static void FewDescriptors(string[] arguments)
    {
        using var ring = new SeamRing(arguments[0]);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        // The process's clocks and poller are there from the first timeout on.
        ring.Next().PrepareTimeout(memory.PutTime(64, TimeSpan.Zero));
        Assert.Equal(-Errno.ETIME, ring.Result());
        List<int> all = TakeAllDescriptors();
        ring.Next().PrepareRead(file, memory.Address, 3, 0);
        ring.Next(1).Opcode = Opcode.Nop;
        ring.Next().PrepareTimeout(memory.PutTime(64, TimeSpan.Zero));
        int submitted = ring.Submit(), waited = ring.EnterFor(0, 3, SeamRing.Patience);
        all.ForEach(number => Libc.Close(number));
        Assert.Equal((3, 0), (submitted, waited));
        Assert.Equal([-Errno.ETIME, 0, 3], ring.Take(3).Select(cqe => cqe.Res).Order().ToArray());
    }

    private static List<int> TakeAllDescriptors()
    {
        List<int> all = [];
        Assert.Equal(0, Libc.Getrlimit(Libc.RLIMIT_NOFILE, out _, out ulong hard));
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_NOFILE, 300, hard));
        for (int made = Libc.Dup(0); made >= 0; made = Libc.Dup(0))
            all.Add(made);
        return all;
    }

    private static int SetupOnceThereIsRoom(IRingEngine engine, uint entries)
    {
        int ring = 0;
        Until.True(
            () =>
            {
                RingParams parameters = default;
                ring = engine.Setup(entries, (nuint)(&parameters));
                return ring != -Errno.ENOMEM;
            },
            "there is room");
        Assert.InRange(ring, 0, int.MaxValue);
        return ring;
    }

    private static IoVec Part(TestMemory memory, int offset, nuint kilobytes) =>
        new() { Base = memory.At(offset * (int)Kilobyte), Len = kilobytes * (nuint)Kilobyte };

    private static void InChild(Action<string[]> scenario, string engine)
    {
        if (engine == TestEngines.Kernel)
            TestEngines.RequireKernel();
        Child.Succeeds(scenario, [engine]);
    }
}
