using System.Diagnostics.Tracing;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Tests;

/// <summary>Who serves a ring, why, and what a refusal says.</summary>
public sealed class EngineChoiceTests
{
    private const int SigSys = 31;
    private const ulong LockLimit = 64 << 10;
    private const uint TooManyEntries = 4096;

    [Theory]
    [InlineData(null, "kernel")]
    [InlineData("", "kernel")]
    [InlineData("auto", "kernel")]
    [InlineData("kernel", "kernel")]
    [InlineData("managed", "managed")]
    public void The_environment_chooses_for_auto_and_for_nobody_else(string? asked, string given)
    {
        TestEngines.RequireKernel();
        Child.Succeeds(Chosen, [given], Asking(asked));
    }

    [Fact]
    public void Another_value_in_the_environment_is_an_error_that_names_it() => Child.Succeeds(Nonsense, [], Asking("nonsense"));

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void Where_rings_are_filtered_auto_falls_back_and_says_why_once(int error) => Child.Succeeds(FallsBack, [$"{error}"]);

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void Where_rings_are_filtered_the_kernel_engine_fails_and_names_the_filter(int error)
    {
        Child.Succeeds(KernelFails, [$"{error}"]);
        Child.Succeeds(KernelFails, [$"{error}"], Asking("kernel"));
    }

    [Fact]
    public void With_managed_in_the_environment_the_kernel_is_never_asked() =>
        Child.Succeeds(NeverAsks, ["auto"], Asking("managed"));

    [Fact]
    public void The_managed_engine_never_asks_the_kernel() => Child.Succeeds(NeverAsks, ["managed"]);

    [Theory]
    [InlineData("kernel")]
    [InlineData("auto")]
    public void Who_does_ask_is_killed_by_the_same_filter(string engine) =>
        Assert.Equal(128 + SigSys, Child.Run(NeverAsks, [engine]).ExitCode);

    [Theory, EveryEngine(InPlace = true)]
    public void A_ring_over_the_limit_of_locked_memory_fails_and_names_limit_and_need(string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(OverTheLimit, [engine]);
    }

    [Fact]
    public void Auto_does_not_hide_that_limit_unless_told_to_and_then_is_not_charged()
    {
        TestEngines.RequireKernel();
        Child.Succeeds(AutoOverTheLimit);
    }

    [Fact]
    public void A_ring_in_a_forbidden_ones_place_is_not_charged() => Child.Succeeds(NotCharged);

    [Fact]
    public void What_no_engine_can_do_is_refused()
    {
        var requires = new RingRequirements { Operations = [(Opcode)200] };
        RingException refusal = Assert.Throws<RingException>(() => new Ring(8, new RingOptions { Requires = requires }));
        Assert.Equal(Errno.EOPNOTSUPP, refusal.ErrorNumber);
        Assert.Contains("Neither", refusal.Message);
    }

    [Scenario]
    private static void Chosen(string[] arguments)
    {
        using var ring = new Ring(8);
        Assert.Equal(arguments[0], ring.Engine.Name);
        Assert.Null(ring.FallbackReason);
        Works(ring);
        foreach (string explicitly in new[] { TestEngines.Kernel, TestEngines.Managed })
        {
            using var other = new Ring(8, new RingOptions { Engine = RingEngines.Parse(explicitly) });
            Assert.Equal(explicitly, other.Engine.Name);
            Works(other);
        }
    }

    [Scenario]
    private static void Nonsense(string[] arguments)
    {
        string message = Assert.Throws<InvalidOperationException>(() => new Ring(8)).Message;
        Assert.Contains("URING_ENGINE", message);
        Assert.Contains("'nonsense'", message);
        using var ring = new Ring(8, new RingOptions { Engine = RingEngines.Managed });
        Works(ring);
    }

    [Scenario]
    private static void FallsBack(string[] arguments)
    {
        int error = int.Parse(arguments[0]);
        using var listener = new Listener();
        Confinement.RefuseRings(error);
        AutoEngine auto = RingEngines.Auto;
        for (int i = 0; i < 3; i++)
        {
            using var ring = new Ring(8, new RingOptions { Engine = auto });
            Assert.Equal("managed", ring.Engine.Name);
            Assert.Equal(error, ring.FallbackReason?.ErrorNumber);
            Assert.Contains("seccomp", ring.FallbackReason!.Message);
            Assert.Contains(Errno.Name(error), ring.FallbackReason.Message);
            Assert.Equal(ring.FallbackReason.Message, auto.FallbackReason?.Message);
            Works(ring);
        }

        Assert.Equal([auto.FallbackReason!.Message], listener.Said);
    }

    [Scenario]
    private static void KernelFails(string[] arguments)
    {
        int error = int.Parse(arguments[0]);
        Confinement.RefuseRings(error);
        IRingEngine engine = Environment.GetEnvironmentVariable("URING_ENGINE") is null ? RingEngines.Kernel : RingEngines.Auto;
        RingException refusal = Assert.Throws<RingException>(() => new Ring(8, new RingOptions { Engine = engine }));
        Assert.Equal(error, refusal.ErrorNumber);
        Assert.Contains("seccomp", refusal.Message);
        Assert.Contains("io_uring_setup (kernel engine)", refusal.Message);
        Assert.Contains(Errno.Name(error), refusal.Message);
    }

    [Scenario]
    private static void NeverAsks(string[] arguments)
    {
        Confinement.KillOnRings();
        using var ring = new Ring(8, new RingOptions { Engine = RingEngines.Parse(arguments[0]) });
        Works(ring);
        Assert.True(ring.Probe().Supports(Opcode.Read));
        using TestFile file = TestFile.Create("abc");
        using OwnedHandle handle = file.Handle();
        ring.RegisterFiles([file.Number]);
        ring.Read(handle, new byte[3], 0);
        Assert.Equal(3, ring.WaitOne().Res);
    }

    [Scenario]
    private static void OverTheLimit(string[] arguments)
    {
        Confinement.LockAtMost(LockLimit);
        var options = new RingOptions { Engine = RingEngines.Parse(arguments[0]) };
        RingException refusal = Assert.Throws<RingException>(() => new Ring(TooManyEntries, options));
        Assert.Equal(Errno.ENOMEM, refusal.ErrorNumber);
        Assert.Contains("RLIMIT_MEMLOCK", refusal.Message);
        Assert.Contains($"is {LockLimit} bytes", refusal.Message);
        // SQEs, then one page-rounded area of header, CQEs and SQ indices.
        const uint Rings = (384 + 16 * 2 * TooManyEntries + 4 * TooManyEntries + 4095) / 4096 * 4096;
        if (Environment.SystemPageSize == 4096)
            Assert.Contains($"needs {64 * TooManyEntries + Rings} bytes", refusal.Message);
        using var small = new Ring(8, options);
        Assert.Equal(arguments[0], small.Engine.Name);
        Works(small);
    }

    [Scenario]
    private static void AutoOverTheLimit()
    {
        Confinement.LockAtMost(LockLimit);
        RingException refusal = Assert.Throws<RingException>(() => new Ring(TooManyEntries));
        Assert.Equal(Errno.ENOMEM, refusal.ErrorNumber);
        Assert.Contains("(kernel engine)", refusal.Message);
        var requires = new RingRequirements { FallBackWhenOutOfMemory = true };
        using var ring = new Ring(TooManyEntries, new RingOptions { Requires = requires });
        Assert.Equal("managed", ring.Engine.Name);
        Assert.Equal(Errno.ENOMEM, ring.FallbackReason?.ErrorNumber);
        Assert.Contains("RLIMIT_MEMLOCK", ring.FallbackReason!.Message);
        Works(ring);
    }

    [Scenario]
    private static void NotCharged()
    {
        Confinement.LockAtMost(0);
        Confinement.RefuseRings(Errno.EPERM);
        using var ring = new Ring(TooManyEntries);
        Assert.Equal("managed", ring.Engine.Name);
        Works(ring);
        RingException refusal = Assert.Throws<RingException>(() => new Ring(8, new RingOptions { Engine = RingEngines.Managed }));
        Assert.Equal(Errno.ENOMEM, refusal.ErrorNumber);
    }

    private static void Works(Ring ring)
    {
        ring.Nops(1, 2);
        Assert.Equal([1ul, 2], ring.Take(2).UserData());
    }

    private static Dictionary<string, string?> Asking(string? engine) => engine is null ? [] : new() { ["URING_ENGINE"] = engine };

    private sealed class Listener : EventListener
    {
        public List<string> Said { get; } = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "UserRing")
                EnableEvents(eventSource, EventLevel.Warning);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventId == 1)
                Said.Add((string)eventData.Payload![0]!);
        }
    }
}
