using UserRing.Benchmarks.Echo;

namespace UserRing.Tests;

/// <summary>The echo server of the benchmarks, at a modest size: every byte comes back, and both sides counted the same.</summary>
public sealed class EchoTests
{
    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void Every_byte_comes_back_on_every_connection(string engine, bool unix)
    {
        var plan = new EchoPlan(50) { Messages = 20, Unix = unix };
        EchoResult result = Run(engine, plan);
        Assert.Equal((50, 1000L, 1000L * plan.MessageBytes), (result.Connections, result.Messages, result.Bytes));
    }

    [Theory, EveryEngine]
    public void Messages_that_need_many_buffers_come_back_though_there_are_few(string engine)
    {
        var plan = new EchoPlan(30) { Messages = 10, MessageBytes = 20_000, Buffers = 16, BufferBytes = 1000 };
        EchoResult result = Run(engine, plan);
        Assert.Equal(300L * 20_000, result.Bytes);
        Assert.NotEqual(0, result.BufferShortages);
    }

    [Theory, EveryEngine]
    public void One_buffer_that_is_too_small_for_a_message_will_do(string engine)
    {
        EchoResult result = Run(engine, new EchoPlan(1) { Messages = 1, MessageBytes = 8, Buffers = 1, BufferBytes = 4 });
        Assert.Equal(8, result.Bytes);
    }

    private static EchoResult Run(string engine, EchoPlan plan)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return new EchoRun(TestEngines.Get(engine), plan).Run(bound.Token);
    }
}
