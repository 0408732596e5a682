using System.Runtime.InteropServices;

namespace UserRing.Testing;

/// <summary>
/// A child that runs a line of shell. Not by <see cref="System.Diagnostics.Process"/>, which waits for its children itself: here the test
/// does. What is left of it goes with the test.
/// </summary>
internal sealed unsafe partial class TestProcess : IDisposable
{
    public const int SIGKILL = 9, SIGCONT = 18, SIGSTOP = 19;

    public TestProcess(string line)
    {
        using var memory = new TestMemory();
        nuint shell = memory.PutPath(1024, "/bin/sh"), option = memory.PutPath(1536, "-c"), command = memory.PutPath(2048, line);
        nuint arguments = memory.Put<nuint>(0, shell, option, command, 0), environment = memory.Put<nuint>(512, 0);
        int started;
        Assert.Equal(0, posix_spawn(&started, shell, 0, 0, arguments, environment));
        Id = started;
    }

    public int Id { get; }

    /// <summary>One that sleeps until it is killed.</summary>
    public static TestProcess Sleeping() => new("exec sleep 600");

    public void Send(int signal) => Assert.Equal(0, TestLibc.Kill(Id, signal));

    public void Dispose()
    {
        _ = TestLibc.Kill(Id, SIGKILL);
        _ = waitpid(Id, null, 0);
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* child, nuint path, nuint files, nuint attributes, nuint arguments, nuint environment);

    [LibraryImport("libc")]
    private static partial int waitpid(int child, int* status, int options);
}
