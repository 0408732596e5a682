using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Tests;

/// <summary>
/// A program that scribbles over its ring's memory while it is served harms its own ring at most: the engine neither crashes nor
/// hangs, and another ring goes on untouched.
/// </summary>
public sealed unsafe class HostileMemoryTests
{
    private const int FewestEnters = 500, FewestOfTheOther = 200;

    public static TheoryData<string, bool> Rings => new()
    {
        { TestEngines.Managed, false },
        { TestEngines.Managed, true },
        { TestEngines.Copying, false },
    };

    [Theory, MemberData(nameof(Rings))]
    public void Scribbling_over_ring_memory_harms_no_other_ring(string engine, bool polled) =>
        Campaign.Children(Scribble, engine, polled ? "polled" : "entered");

    [Scenario]
    private static void Scribble(string[] arguments)
    {
        using var memory = new TestMemory(1 << 16);
        using var other = new TestMemory();
        using var pipe = new TestPipe();
        using TestDescriptor zero = TestDescriptor.Open("/dev/zero"), nothing = TestDescriptor.Open("/dev/null", Libc.O_WRONLY);
        ProcessState? before = null;
        int seed = int.Parse(arguments[2]);
        foreach (bool warmUp in (bool[])[true, false])
        {
            long end = Stopwatch.GetTimestamp() + (warmUp ? Stopwatch.Frequency / 10 : 2 * Stopwatch.Frequency);
            var victim = new SeamRing(arguments[0], 32, arguments[1] == "polled" ? SetupFlags.SqPoll : 0, idleMs: 1);
            Files files = new(pipe.ReadEnd, zero, nothing);
            TestThread<long> scribbler = TestThread.Start(() => Scribble(victim, memory, files, seed, end));
            TestThread<long> enterer = TestThread.Start(() => Enter(victim, seed, end));
            TestThread<long> honest = TestThread.Start(() => WorkHonestly(arguments[0], other, end));
            long scribbled = Ended(scribbler, end), entered = Ended(enterer, end), worked = Ended(honest, end);
            Assert.Equal(0, victim.Release());
            victim.Unmap();
            if (before is null)
                before = ProcessState.Settled("uring-sqp");
            else
                AssertMet(scribbled, entered, worked);
        }

        before!.AwaitReturn("uring-sqp");
        Assert.Equal((0, 0), (CopyingCaller.LiveLoans, CopyingCaller.LiveDescriptors));
    }

    private static void AssertMet(long scribbled, long entered, long worked) => Assert.True(
        scribbled >= FewestEnters && entered >= FewestEnters && worked >= FewestOfTheOther,
        $"{scribbled} scribbles, {entered} enters, {worked} rounds of the other");

    private static long Ended(TestThread<long> thread, long end)
    {
        TimeSpan left = TimeSpan.FromSeconds(Math.Max(0, end - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);
        SpinWait.SpinUntil(() => thread.IsDone, left);
        return thread.Answer;
    }

    /// <summary>Every word of the shared headers, the index array and the SQEs, any time.</summary>
    private static long Scribble(SeamRing ring, TestMemory memory, Files files, int seed, long end)
    {
        var random = new Random(seed);
        RingParams p = ring.Params;
        uint[] words =
        [
            p.SqOff.Head, p.SqOff.Tail, p.SqOff.Tail, p.SqOff.Tail, p.SqOff.Flags, p.SqOff.Dropped, p.SqOff.RingMask, p.SqOff.RingEntries,
            p.CqOff.Head, p.CqOff.Head, p.CqOff.Tail, p.CqOff.Flags, p.CqOff.Overflow, p.CqOff.RingMask, p.CqOff.RingEntries,
        ];
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            uint value = random.Next(4) == 0 ? (uint)random.NextInt64() : (uint)random.Next(64);
            Volatile.Write(ref ring.Word(words[random.Next(words.Length)]), value);
            ring.SqArray((uint)random.Next(32)) = random.Next(8) == 0 ? (uint)random.NextInt64() : (uint)random.Next(32);
            // Field by field, so that the engine meets halves of two: each field by itself is harmless to this process.
            ref Sqe sqe = ref ring.SqeAt((uint)random.Next(32));
            sqe.Opcode = (Opcode)(random.Next(4) == 0 ? Anything(random) : (int)Pick(random, Operations));
            sqe.Fd = Pick(random, files.All);
            sqe.Flags = random.Next(8) == 0 ? (SqeFlags)random.Next(256) : random.Next(3) == 0 ? SqeFlags.Async : 0;
            sqe.Addr = Pick<ulong>(random, memory.Address, memory.Address, memory.At(4096), TestMemory.Bad, 0);
            sqe.Len = random.Next(2) == 0 ? 1 : (uint)random.Next(32 << 10);
            sqe.Off = random.Next(2) == 0 ? 0 : (ulong)random.NextInt64();
            sqe.CancelFlags = random.Next(3) == 0 ? CancelFlags.Any : (CancelFlags)random.Next(64);
            sqe.UserData = (ulong)random.Next(8);
            sqe.BufIndex = (ushort)(random.Next(4) == 0 ? random.Next(4) : 0);
            sqe.SpliceFdIn = random.Next(8) == 0 ? random.Next() : 0;
        }

        return count;
    }

    private static readonly Opcode[] Operations =
    [
        Opcode.Nop, Opcode.Read, Opcode.Write, Opcode.Readv, Opcode.Writev, Opcode.ReadFixed, Opcode.Fsync, Opcode.PollAdd, Opcode.Timeout,
        Opcode.AsyncCancel, Opcode.AsyncCancel, Opcode.AsyncCancel,
    ];

    /// <summary>
    /// Any but those that harm this process as they would on the kernel: a number that is closed comes to mean another file, which is
    /// then written to; a buffer that is provided may lie anywhere; advice may empty what others use.
    /// </summary>
    private static int Anything(Random random)
    {
        int number;
        do
            number = random.Next(256);
        while ((Opcode)number is Opcode.Close or Opcode.ProvideBuffers or Opcode.Madvise);
        return number;
    }

    private static long Enter(SeamRing ring, int seed, long end)
    {
        var random = new Random(-seed);
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            uint most = (uint)random.Next(64);
            KernelTimespec limit = new() { TvNsec = random.Next(200_000) };
            GetEventsArg argument = new() { Ts = (ulong)&limit };
            int result = random.Next(4) switch
            {
                0 => ring.Engine.Enter(ring.Descriptor, most, 0, EnterFlags.SqWakeup, 0, 0),
                1 => ring.Engine.Enter(ring.Descriptor, most, 0, EnterFlags.GetEvents | EnterFlags.SqWakeup, 0, 0),
                _ => ring.Engine.Enter(
                    ring.Descriptor, most, (uint)random.Next(100), EnterFlags.GetEvents | EnterFlags.ExtArg, (nuint)(&argument), 24),
            };
            Assert.True(result is >= 0 or -Errno.ETIME or -Errno.EINTR, Errno.Name(-result));
        }

        return count;
    }

    /// <summary>Another ring of the same engine: every answer is checked.</summary>
    private static long WorkHonestly(string engine, TestMemory memory, long end)
    {
        using var ring = new SeamRing(engine, 8);
        using var pipe = new TestPipe();
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            memory.Bytes[..4].Clear();
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 4, ulong.MaxValue).UserData = 1;
            ring.Next().PrepareNop().UserData = 2;
            ref Sqe nop = ref ring.Next().PrepareNop();
            (nop.UserData, nop.Flags) = (3, SqeFlags.Async);
            Assert.Equal(3, ring.Submit());
            pipe.Write("data");
            Dictionary<ulong, int> results = ring.Results(3);
            Assert.Equal((4, 0, 0), (results[1], results[2], results[3]));
            Assert.True(memory.Bytes[..4].SequenceEqual("data"u8));
        }

        return count;
    }

    private static T Pick<T>(Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    private sealed class Files(int pipe, int zero, int nothing)
    {
        public int[] All { get; } = [pipe, zero, zero, nothing, TestDescriptor.Closed, -1, int.MaxValue];
    }
}
