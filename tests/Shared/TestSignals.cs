using System.Runtime.InteropServices;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>
/// Two signals whose handler does nothing. It is libc's <c>abs</c>: a handler in C# would end the process if the signal met managed code.
/// </summary>
internal static unsafe partial class TestSignals
{
    private const int SaRestart = 0x10000000;

    private static readonly Lazy<int> Interrupting = new(() => Install(Libc.Sigrtmax() - 3, 0));
    private static readonly Lazy<int> Restarting = new(() => Install(Libc.Sigrtmax() - 4, SaRestart));

    /// <summary>A signal that ends system calls with EINTR.</summary>
    public static int Plain => Interrupting.Value;

    /// <summary>One whose handler asks for system calls to be taken up again (SA_RESTART).</summary>
    public static int WithRestart => Restarting.Value;

    /// <summary>
    /// A kernel signal mask that blocks one signal, and of the others all but the two above: the runtime's own signals come to any thread
    /// at any time, and would end a wait in a test's place.
    /// </summary>
    public static ulong Blocking(int signal) => ~(Bit(Plain) | Bit(WithRestart)) | Bit(signal);

    /// <summary>A signal's place in a mask.</summary>
    public static ulong Bit(int signal) => 1UL << (signal - 1);

    public static void SendToSelf(int signal) => Assert.Equal(0, Libc.Tgkill(Environment.ProcessId, Libc.Gettid(), signal));

    private static int Install(int signal, int flags)
    {
        // struct sigaction of glibc and musl alike: handler, 1024-bit mask, flags, restorer.
        nint* action = stackalloc nint[19];
        new Span<nint>(action, 19).Clear();
        action[0] = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "abs");
        action[17] = flags;
        Assert.Equal(0, sigaction(signal, action, null));
        return signal;
    }

    [LibraryImport("libc")]
    private static partial int sigaction(int signal, nint* action, nint* old);
}
