using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>A ring that could not be set up whole leaves nothing, and each step is undone once.</summary>
public sealed class RingMappingFaultTests
{
    private static readonly int[] Errors = [-Errno.ENOMEM, -Errno.EAGAIN, -Errno.EPERM, -Errno.EINTR, -Errno.ENODEV];

    public static TheoryData<string> Engines => [TestEngines.Kernel, TestEngines.Managed];

    [Theory, MemberData(nameof(Engines))]
    public void A_refused_step_undoes_those_before_it_once(string engine) => Child.Succeeds(RefusedSteps, [engine]);

    [Theory, MemberData(nameof(Engines))]
    public void Refusals_by_chance_leave_nothing(string engine) => Child.Succeeds(Chance, [engine]);

    [Theory, MemberData(nameof(Engines))]
    public void An_engine_that_describes_an_impossible_ring_is_not_believed(string engine) => Child.Succeeds(Impossible, [engine]);

    [Theory, MemberData(nameof(Engines))]
    public void A_mapping_is_given_back_once_however_often_it_is_disposed(string engine) => Child.Succeeds(DisposedTwice, [engine]);

    [Scenario]
    private static void RefusedSteps(string[] arguments)
    {
        IRingEngine inner = Warm(arguments[0]);
        ProcessState before = ProcessState.Now();
        foreach (int error in Errors)
        {
            var noSetup = new FaultyEngine(inner).Answering(SeamCall.Setup, error);
            Fails(error, noSetup);
            Assert.Equal((0, 0), (noSetup.Seen(SeamCall.Map), noSetup.Seen(SeamCall.Release)));
            before.AwaitReturn();
            for (int mapped = 0; mapped < 2; mapped++)
            {
                var noMap = new FaultyEngine(inner).Answering(SeamCall.Map, [.. new int[mapped], error]);
                Fails(error, noMap);
                Assert.Equal((mapped, 1), (noMap.Passed(SeamCall.Map), noMap.Seen(SeamCall.Release)));
                before.AwaitReturn();
            }

            var noRelease = new FaultyEngine(inner).Answering(SeamCall.Map, error).Answering(SeamCall.Release, -Errno.EIO);
            Fails(error, noRelease);
            Assert.Equal(1, noRelease.Seen(SeamCall.Release));
            before.AwaitReturn();
        }
    }

    [Scenario]
    private static void Chance(string[] arguments)
    {
        FaultyEngine engine = new(Warm(arguments[0]));
        ProcessState before = ProcessState.Now();
        int made = 0, refused = 0;
        for (int seed = 0; seed < Campaign.Rounds(200); seed++)
        {
            engine.ByChance(seed, 0.25, Errors);
            RingParams parameters = default;
            int error = RingMapping.TryCreate(engine, 4, ref parameters, out RingMapping? mapping);
            Assert.Equal(error < 0, mapping is null);
            Assert.Equal(error < 0 ? 0 : 1, engine.Alive.Count);
            Assert.True(error == 0 ? parameters.SqEntries == 4 : Errors.Contains(error) && parameters.SqEntries == 0);
            mapping?.Dispose();
            (made, refused) = error < 0 ? (made, refused + 1) : (made + 1, refused);
            Assert.Empty(engine.Alive);
        }

        Assert.False(engine.ReleasedTwice);
        Assert.True(made > 50 && refused > 50, $"{made} made, {refused} refused");
        before.AwaitReturn();
    }

    [Scenario]
    private static void Impossible(string[] arguments)
    {
        IRingEngine inner = Warm(arguments[0]);
        ProcessState before = ProcessState.Now();
        (string What, LyingEngine.Lie Lie)[] lies =
        [
            ("no SQ entries", static (ref RingParams p) => p.SqEntries = 0),
            ("SQ entries that are no power of two", static (ref RingParams p) => p.SqEntries = 3),
            ("more CQ entries than there can be", static (ref RingParams p) => p.CqEntries = RingLimits.MaxCqEntries * 2),
            ("a head beyond the area", static (ref RingParams p) => p.SqOff.Head = 0x8000_0000),
            ("a tail that is not aligned", static (ref RingParams p) => p.CqOff.Tail = 7),
            ("entries beyond the area", static (ref RingParams p) => p.CqOff.Cqes = uint.MaxValue - 3),
            ("an index array beyond the area", static (ref RingParams p) => p.SqOff.Array = 0x0900_0000),
        ];
        foreach ((string what, LyingEngine.Lie lie) in lies)
        {
            var liar = new LyingEngine(inner, lie);
            RingParams parameters = default;
            Assert.True(RingMapping.TryCreate(liar, 4, ref parameters, out _) == -Errno.EPROTO, what);
            Assert.Equal(0u, parameters.SqEntries);
            before.AwaitReturn();
        }
    }

    [Scenario]
    private static void DisposedTwice(string[] arguments)
    {
        FaultyEngine engine = new(Warm(arguments[0]));
        ProcessState before = ProcessState.Now();
        RingParams parameters = default;
        Assert.Equal(0, RingMapping.TryCreate(engine, 4, ref parameters, out RingMapping? mapping));
        mapping!.Dispose();
        before.AwaitReturn();
        mapping.Dispose();
        Parallel.For(0, 4, _ => mapping.Dispose());
        Assert.Equal((1, false), (engine.Seen(SeamCall.Release), engine.ReleasedTwice));
    }

    private static void Fails(int error, FaultyEngine engine)
    {
        RingParams parameters = new() { SqThreadIdle = 7 };
        Assert.Equal(error, RingMapping.TryCreate(engine, 4, ref parameters, out RingMapping? mapping));
        Assert.Null(mapping);
        Assert.Equal((7u, 0u), (parameters.SqThreadIdle, parameters.SqEntries));
        Assert.Empty(engine.Alive);
        Assert.False(engine.ReleasedTwice);
    }

    private static IRingEngine Warm(string name)
    {
        IRingEngine engine = TestEngines.Get(name);
        new SeamRing(engine, 4, default).Dispose();
        return engine;
    }

    /// <summary>Tells something untrue of the rings it makes.</summary>
    private sealed class LyingEngine(IRingEngine inner, LyingEngine.Lie lie) : IRingEngine
    {
        internal delegate void Lie(ref RingParams parameters);

        public string Name => inner.Name;

        public unsafe int Setup(uint entries, nuint parameters)
        {
            int ring = inner.Setup(entries, parameters);
            lie(ref *(RingParams*)parameters);
            return ring;
        }

        public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset) =>
            inner.Map(ring, address, length, protection, flags, offset);

        public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize) =>
            inner.Enter(ring, toSubmit, minComplete, flags, argument, argumentSize);

        public int Register(int ring, RegisterOp operation, nuint argument, uint count) => inner.Register(ring, operation, argument, count);

        public int Release(int ring) => inner.Release(ring);
    }
}
