using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>signal.h</summary>
internal static unsafe partial class Libc
{
    public const int SIG_BLOCK = 0;
    public const int SIG_UNBLOCK = 1;
    public const int SIG_SETMASK = 2;
    public const int SIGXFSZ = 25;

    /// <summary>The highest real-time signal: the C library and the runtime take theirs from the low end.</summary>
    public static int Sigrtmax() => __libc_current_sigrtmax();

    /// <summary>tgkill(2), by number (glibc wraps it only since 2.30).</summary>
    public static int Tgkill(int pid, int tid, int signal) => IntResult(Syscall(IsX64 ? 234 : 131, pid, tid, signal));

    /// <summary>Changes the calling thread's signal mask by the kernel's 64 bits: bit n - 1 is signal n. 0 or -errno.</summary>
    public static int PthreadSigmask(int how, ulong mask, out ulong previous)
    {
        // libc's sigset_t is 1024 bits, of which the first 64 are the kernel's.
        ulong* set = stackalloc ulong[16];
        ulong* old = stackalloc ulong[16];
        new Span<ulong>(set, 16).Clear();
        set[0] = mask;
        int error = pthread_sigmask(how, set, old);
        previous = old[0];
        return -error;
    }

    /// <summary>
    /// Takes the highest real-time signal that nobody handles and makes it do nothing but end a blocking call with EINTR: its number, or 0
    /// if all are in use. The handler is libc's <c>abs</c>: one written in C# ends the process when the signal lands in managed code, and
    /// without SA_RESTART the call is not taken up again.
    /// </summary>
    public static int TakeFreeRealTimeSignal()
    {
        // struct sigaction of glibc and musl alike: handler, 1024-bit mask, flags, restorer.
        nint* action = stackalloc nint[19];
        for (int signal = __libc_current_sigrtmax(); signal >= __libc_current_sigrtmin(); signal--)
        {
            if (sigaction(signal, null, action) < 0 || action[0] != 0)
                continue;
            new Span<nint>(action, 19).Clear();
            action[0] = NativeLibrary.GetExport(NativeLibrary.Load(Name, typeof(Libc).Assembly, null), "abs");
            return sigaction(signal, action, null) < 0 ? 0 : signal;
        }

        return 0;
    }

    [LibraryImport(Name)]
    private static partial int __libc_current_sigrtmax();

    [LibraryImport(Name)]
    private static partial int __libc_current_sigrtmin();

    [LibraryImport(Name)]
    private static partial int pthread_sigmask(int how, ulong* set, ulong* old);

    [LibraryImport(Name)]
    private static partial int sigaction(int signal, nint* action, nint* old);
}
