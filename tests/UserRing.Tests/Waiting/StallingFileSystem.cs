using System.Diagnostics;
using System.Globalization;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Waiting;

/// <summary>
/// A file system that does not answer. A process of its own serves it, so that ours can end, or be ended, with calls waiting there: when
/// that process goes, they fail. It is mounted nowhere: only its root is held open, and goes with that process, too.
/// </summary>
public sealed class StallingFileSystem : IDisposable
{
    private readonly Process? _server;

    public StallingFileSystem()
    {
        _server = Child.Start(Serve);
        string answer = _server.StandardOutput.ReadLine() ?? "";
        if (answer.StartsWith('/'))
        {
            Root = answer;
            AwaitHeld(0); // from now on its folder is known
        }
        else
        {
            Reason = answer;
        }
    }

    /// <summary>The path of its root.</summary>
    public string? Root { get; }

    /// <summary>Why there is none.</summary>
    public string? Reason { get; }

    public string this[string name] => $"{Root}/{name}";

    /// <summary>Until that many calls wait in it.</summary>
    internal void AwaitHeld(int count) =>
        Until.True(() => File.Exists(this[$"{StallingServer.Waiting}/{count}"]), $"{count} calls wait in the file system");

    internal void LetGoOn() => Assert.False(File.Exists(this[StallingServer.GoOn]));

    public void Dispose()
    {
        if (_server is null)
            return;
        _server.StandardInput.Close();
        if (!_server.WaitForExit(SeamRing.Patience))
            _server.Kill();
        _server.Dispose();
    }

    [Scenario]
    private static void Serve()
    {
        int device = Libc.Open("/dev/fuse", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        int root = device < 0 ? device : TestLibc.MountFuse(device);
        if (root < 0)
        {
            Console.WriteLine($"a file system of our own (FUSE): {Errno.Name(-root)}");
            return;
        }

        new Thread(new StallingServer(device).Run) { IsBackground = true }.Start();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{root}"));
        Console.In.ReadToEnd();
    }
}
