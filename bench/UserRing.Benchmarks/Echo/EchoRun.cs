using UserRing.Benchmarks.Traffic;
using UserRing.Engine;

namespace UserRing.Benchmarks.Echo;

/// <summary>A server and its clients, each a ring on a thread of its own, and the comparison of what both counted.</summary>
internal sealed class EchoRun(IRingEngine engine, EchoPlan plan)
{
    private EchoClients? _clients;

    /// <summary>Messages that came back so far.</summary>
    public long Messages => Volatile.Read(ref _clients)?.Messages ?? 0;

    /// <summary>Throws <see cref="TrafficException"/> if not every byte comes back where it came from.</summary>
    public EchoResult Run(CancellationToken stop)
    {
        using EchoListener listener = new(plan.Unix);
        using EchoServer server = new(engine, plan, listener);
        using EchoClients clients = new(engine, plan, listener);
        Volatile.Write(ref _clients, clients);
        // Who fails stops the other.
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task serving = Start(() => server.Run(failed.Token), failed);
        Task asking = Start(() => clients.Run(failed.Token), failed);
        Task.WhenAll(serving, asking).ContinueWith(_ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
        Exception? failure = new[] { serving, asking }.Where(task => task.IsFaulted).Select(task => task.Exception!.InnerException)
            .FirstOrDefault();
        if (failure is not null)
            throw failure;
        stop.ThrowIfCancellationRequested();
        return Compare(server, clients);
    }

    private EchoResult Compare(EchoServer server, EchoClients clients)
    {
        if (server.MostOpen != plan.Connections)
            throw new TrafficException($"at most {server.MostOpen} of {plan.Connections} connections were open at once");
        long bytes = 0;
        for (int number = 0; number < plan.Connections; number++)
        {
            if (server.Echoed[number] != clients.BytesOf(number))
            {
                throw new TrafficException(
                    $"connection {number} sent {clients.BytesOf(number)} bytes, the server sent back {server.Echoed[number]}");
            }

            bytes += server.Echoed[number];
        }

        return new EchoResult(plan.Connections, clients.Messages, bytes, clients.Time, server.Shortages);
    }

    private static Task Start(Action loop, CancellationTokenSource failed) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                loop();
            }
            catch
            {
                failed.Cancel();
                throw;
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
