using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>A failure at any step of setup undoes every earlier one. Each is brought about from outside.</summary>
public sealed class SetupFailureTests
{
    private const uint Entries = 64;
    private const int AddressSpaceLimit = 9; // RLIMIT_AS
    // A runtime that comes to compile a method again needs memory, and ends the process where it gets none.
    private static readonly Dictionary<string, string?> CompilesOnce = new()
    {
        ["DOTNET_TieredCompilation"] = "0",
        ["DOTNET_EnableWriteXorExecute"] = "0",
    };

    private const int LayoutPages = 2; // 64 SQEs; 64 + 128 entries of both rings

    [Fact]
    public void Unreadable_parameters_fail_before_anything_is_made() => Child.Succeeds(UnreadableParameters);

    [Fact]
    public void Bad_sizes_and_flags_fail_before_anything_is_made() => Child.Succeeds(BadParameters);

    [Fact]
    public void A_memlock_limit_that_is_too_low_leaves_nothing() => Child.Succeeds(LowMemlock);

    [Fact]
    public void A_memlock_limit_is_used_to_its_last_page() => Child.Succeeds(LastPage);

    [Fact]
    public void A_file_size_limit_that_is_too_low_leaves_nothing() => Child.Succeeds(LowFileSize);

    [Fact]
    public void No_descriptor_left_leaves_nothing() => Child.Succeeds(NoDescriptor);

    [Fact]
    public void No_descriptor_left_is_told_from_bad_memory_even_at_the_first_call() => Child.Succeeds(NoDescriptorFromTheStart);

    [Fact]
    public void Address_space_that_ends_at_any_step_leaves_nothing() => Child.Succeeds(LowAddressSpace, environment: CompilesOnce);

    [Fact]
    public void No_thread_for_polling_leaves_nothing() => Child.Succeeds(NoThread);

    [Fact]
    public void Parameters_that_cannot_be_written_leave_nothing() => Child.Succeeds(UnwritableParameters);

    [Scenario]
    private static void UnreadableParameters()
    {
        Fails(-Errno.EFAULT, new FailingCaller { RefusesCopyIn = true });
        ProcessState before = ProcessState.Now();
        var engine = new ManagedEngine();
        foreach (nuint address in (nuint[])[0, 1, TestMemory.Bad, nuint.MaxValue - 7])
            Assert.Equal(-Errno.EFAULT, engine.Setup(Entries, address));
        before.AwaitReturn();
    }

    [Scenario]
    private static void BadParameters()
    {
        Fails(-Errno.EINVAL, new FailingCaller(), entries: 0);
        Fails(-Errno.EINVAL, new FailingCaller(), entries: RingLimits.MaxEntries + 1);
        Fails(-Errno.EINVAL, new FailingCaller(), (SetupFlags)(1u << 31));
        Fails(-Errno.EINVAL, new FailingCaller(), SetupFlags.SqPoll | SetupFlags.CoopTaskrun);
    }

    [Scenario]
    private static void LowMemlock()
    {
        Fails(-Errno.ENOMEM, new FailingCaller { MemlockPages = 0 });
        Fails(-Errno.ENOMEM, new FailingCaller { MemlockPages = LayoutPages - 1 }, SetupFlags.SqPoll);
        var exempt = new FailingCaller { MemlockPages = 0, MayLockAll = true };
        var uncharged = new ManagedEngineOptions { ChargeMemlock = false };
        foreach (ManagedEngine engine in (ManagedEngine[])[new(null, exempt), new(uncharged, new FailingCaller { MemlockPages = 0 })])
        {
            ProcessState before = ProcessState.Now();
            using (new SeamRing(engine, Entries, default))
                Assert.Equal(before.ChargedPages, ProcessState.Charged());
            before.AwaitReturn();
        }
    }

    [Scenario]
    private static void LastPage()
    {
        ProcessState before = ProcessState.Now();
        var caller = new FailingCaller { MemlockPages = LayoutPages };
        var engine = new ManagedEngine(null, caller);
        using (new SeamRing(engine, Entries, default))
        {
            Assert.Equal(before.ChargedPages + LayoutPages, ProcessState.Charged());
            Fails(-Errno.ENOMEM, caller, entries: 1);
        }

        before.AwaitReturn();
    }

    [Scenario]
    private static void LowFileSize()
    {
        foreach (ulong bytes in (ulong[])[0, 1, MmapOffsets.Sqes, MmapOffsets.Sqes + Entries * 64 - 1])
            Lowered.Limit(Libc.RLIMIT_FSIZE, bytes, () => Fails(-Errno.ENOMEM, new FailingCaller()));
        Works(new FailingCaller());
    }

    [Scenario]
    private static void NoDescriptor()
    {
        Works(new FailingCaller());
        ProcessState before = ProcessState.Now();
        foreach (SetupFlags flags in (SetupFlags[])[0, SetupFlags.SqPoll])
            Lowered.Limit(Libc.RLIMIT_NOFILE, 0, () => FailsUnseen(-Errno.EMFILE, new FailingCaller(), flags, Entries));
        before.AwaitReturn();
        Works(new FailingCaller());
    }

    [Scenario]
    private static void NoDescriptorFromTheStart()
    {
        Works(new FailingCaller { Copies = new SafeCopy() });
        var first = new FailingCaller { Copies = new SafeCopy() }; // has made no pipe yet
        Lowered.Limit(Libc.RLIMIT_NOFILE, 0, () => FailsUnseen(-Errno.EMFILE, first, 0, Entries));
        Works(first);
    }

    /// <summary>
    /// The limit moves up in steps smaller than any mapping: the rings, then the SQEs find no room, then both do. The largest ring, so
    /// that the runtime's own needs are small beside it.
    /// </summary>
    [Scenario]
    private static void LowAddressSpace()
    {
        const ulong Step = 64 << 10;
        const uint Largest = RingLimits.MaxEntries;
        const ulong SqesBytes = Largest * 64, RingsBytes = Largest * (2 * 16 + 4);
        var caller = new FailingCaller();
        var engine = new ManagedEngine(null, caller);
        Works(caller, entries: Largest);
        int made = 0, noRings = 0, noSqes = 0;
        for (ulong room = 0; room < 16 << 20 && made < 4; room += Step)
        {
            ProcessState before = ProcessState.Now();
            var parameters = new TestParameters(0);
            nuint address = parameters.Address;
            // The first round is the largest: what the call needs of the runtime is there in the others.
            ulong most = room == 0 ? 1UL << 40 : ProcessState.AddressSpace() + room - Step;
            int ring = Lowered.Limit(AddressSpaceLimit, most, () => engine.Setup(Largest, address));
            if (ring >= 0)
            {
                Assert.Equal(0, engine.Release(ring));
                made++;
            }
            else
            {
                Assert.Equal(-Errno.ENOMEM, ring);
                parameters.AssertUntouched();
                noRings += room < RingsBytes ? 1 : 0;
                noSqes += room > RingsBytes + 2 * Step && room < RingsBytes + SqesBytes ? 1 : 0;
            }

            before.AwaitReturn();
        }

        Assert.True(made == 4 && noRings > 5 && noSqes > 5, $"{made} made, {noRings} without rings, {noSqes} without SQEs");
    }

    /// <summary>Root is bound by no limit of processes, so the child becomes somebody else.</summary>
    [Scenario]
    private static void NoThread()
    {
        var caller = new FailingCaller();
        Works(caller);
        OtherUser.Become();
        Fails(-Errno.EINVAL, caller, entries: 0);
        ProcessState before = ProcessState.Now();
        Lowered.Limit(OtherUser.ProcessLimit, 1, () => FailsUnseen(-Errno.EAGAIN, caller, SetupFlags.SqPoll, Entries));
        before.AwaitReturn();
        Works(caller, SetupFlags.SqPoll);
        before.AwaitReturn();
    }

    [Scenario]
    private static void UnwritableParameters()
    {
        foreach (SetupFlags flags in (SetupFlags[])[0, SetupFlags.SqPoll, SetupFlags.SqPoll | SetupFlags.RDisabled])
            Fails(-Errno.EFAULT, new FailingCaller { RefusesCopyOut = true }, flags);
        ProcessState before = ProcessState.Now();
        Assert.Equal(-Errno.EFAULT, new ManagedEngine().Setup(Entries, TestMemory.ReadOnly));
        before.AwaitReturn();
    }

    /// <summary>Setup is refused with this error, and everything is as it was.</summary>
    private static bool Fails(int error, FailingCaller caller, SetupFlags flags = 0, uint entries = Entries)
    {
        ProcessState before = ProcessState.Now();
        FailsUnseen(error, caller, flags, entries);
        before.AwaitReturn();
        return true;
    }

    /// <summary>The same where the process's state cannot be looked at meanwhile.</summary>
    private static bool FailsUnseen(int error, FailingCaller caller, SetupFlags flags, uint entries)
    {
        var parameters = new TestParameters(flags);
        int ring = new ManagedEngine(null, caller).Setup(entries, parameters.Address);
        Assert.Equal(error, ring);
        parameters.AssertUntouched();
        return true;
    }

    private static void Works(FailingCaller caller, SetupFlags flags = 0, uint entries = Entries)
    {
        using var ring = new SeamRing(new ManagedEngine(null, caller), entries, SeamRing.Parameters(flags));
    }

    /// <summary>Parameters whose every byte that may be anything is.</summary>
    private sealed class TestParameters
    {
        private readonly RingParams[] _shared = GC.AllocateArray<RingParams>(1, pinned: true);
        private readonly RingParams _given;

        public TestParameters(SetupFlags flags)
        {
            _given.Flags = flags;
            (_given.SqEntries, _given.CqEntries, _given.SqThreadCpu, _given.WqFd) = (11, 12, 13, 14);
            _given.Features = (RingFeatures)uint.MaxValue;
            _given.SqOff.Array = 15;
            _given.CqOff.Cqes = 16;
            _shared[0] = _given;
        }

        public nuint Address => (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(_shared, 0);

        public void AssertUntouched() => Assert.True(Bytes(_given).SequenceEqual(Bytes(_shared[0])));

        private static ReadOnlySpan<byte> Bytes(in RingParams parameters) =>
            MemoryMarshal.AsBytes(new ReadOnlySpan<RingParams>(in parameters));
    }
}
