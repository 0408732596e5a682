using System.CommandLine;
using System.Globalization;
using UserRing.Benchmarks.Traffic;
using UserRing.Tool;
using UserRing.Tool.Commands;

namespace UserRing.Benchmarks.Echo;

/// <summary><c>echo</c>: an echo server and its clients over sockets, on rings of each engine.</summary>
internal static class EchoCommand
{
    private const int DescriptorsBesides = 256;
    private const int WordBytes = 8;

    public static Command Create()
    {
        EchoPlan usual = new(0);
        Option<string[]> engines = TrafficCommand.Engines();
        Option<int> connections = Options.Number("--connections", "Clients, all connected at once.", 1000, 1, 30_000);
        Option<double> seconds = Options.Seconds("--seconds", "How long they send.", usual.Seconds, 86_400);
        Option<int> bytes = Options.Number("--bytes", "Bytes of a message, a multiple of 8.", usual.MessageBytes, WordBytes, 1 << 16);
        Option<int> buffers = Options.Number("--buffers", "The server's buffers of 2 KiB, a power of two.", usual.Buffers, 1, 1 << 15);
        Option<bool> unix = Options.Switch("--unix", "Over AF_UNIX in place of TCP.");
        Command command = new("echo", "An echo server and its clients; every byte that comes back is compared.")
        {
            engines, connections, seconds, bytes, buffers, unix,
        };
        command.SetAction((parsed, stop) => Run(
            parsed.GetValue(engines),
            new EchoPlan(parsed.GetValue(connections))
            {
                Seconds = parsed.GetValue(seconds),
                MessageBytes = parsed.GetValue(bytes),
                Buffers = parsed.GetValue(buffers),
                Unix = parsed.GetValue(unix),
            },
            stop));
        return command;
    }

    private static async Task<int> Run(string[]? engines, EchoPlan plan, CancellationToken stop)
    {
        EchoRun? run = null;
        return await TrafficCommand.RunEach(
            engines,
            (engine, token) =>
            {
                if (plan.MessageBytes % WordBytes != 0)
                    throw new ToolException($"--bytes {plan.MessageBytes}: expected a multiple of {WordBytes}");
                if (!int.IsPow2(plan.Buffers))
                    throw new ToolException($"--buffers {plan.Buffers}: expected a power of two");
                // The managed engine's slots are descriptors, too.
                TrafficCommand.RequireDescriptors(2 * plan.Connections + DescriptorsBesides);
                Volatile.Write(ref run, new EchoRun(engine, plan));
                return Text(run.Run(token));
            },
            () => Volatile.Read(ref run) is { } now ? $"{now.Messages:N0} messages" : "",
            stop);
    }

    private static string Text(EchoResult result) => string.Create(CultureInfo.InvariantCulture, $"""
        {result.Connections} connections, {result.Messages:N0} messages, {result.Bytes:N0} bytes echoed, all as sent; {
        result.Messages / result.Time.TotalSeconds:N0} messages/s, {result.BufferShortages:N0} times no buffer
        """);
}
