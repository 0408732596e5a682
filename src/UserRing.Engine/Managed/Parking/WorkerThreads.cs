using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// The process's worker threads, shared by all rings: started when first needed, ended after five idle seconds as the kernel's are.
/// Not .NET's thread pool, which requests that block would starve, and which they would grow for the whole process.
/// How many run at a time is each ring's own bound.
/// </summary>
internal static class WorkerThreads
{
    private static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(5);
    private static readonly object Gate = new();
    private static readonly Queue<Workers> Wanted = new();
    private static int _idle, _alive;

    /// <summary>A thread shall run <paramref name="workers"/>: an idle one if there is one, else a new one.</summary>
    internal static void Run(Workers workers)
    {
        lock (Gate)
        {
            Wanted.Enqueue(workers);
            if (_idle >= Wanted.Count)
            {
                Monitor.Pulse(Gate);
                return;
            }

            _alive++;
        }

        try
        {
            new Thread(Loop, 256 * 1024) { IsBackground = true, Name = "uring-work" }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            Forgo();
        }
    }

    /// <summary>
    /// No thread to be had (a limit): one of those that run takes the queue over when it is done. If none runs, nobody will.
    /// </summary>
    private static void Forgo()
    {
        Workers[] refused;
        lock (Gate)
        {
            if (--_alive > 0)
                return;
            refused = [.. Wanted];
            Wanted.Clear();
        }

        foreach (Workers workers in refused)
            workers.Refuse();
    }

    private static void Loop()
    {
        var batch = new IssueBatch();
        int task = Libc.Gettid();
        Interruption.Admit();
        // Going beyond RLIMIT_FSIZE raises it in the thread that does; in the kernel that is a worker of its own, whom no signal reaches.
        Libc.PthreadSigmask(Libc.SIG_BLOCK, 1UL << (Libc.SIGXFSZ - 1), out _);
        while (Next() is { } workers)
            workers.Work(batch, task);
    }

    private static Workers? Next()
    {
        lock (Gate)
        {
            _idle++;
            try
            {
                while (Wanted.Count == 0)
                {
                    if (!Monitor.Wait(Gate, IdleLife) && Wanted.Count == 0)
                    {
                        _alive--;
                        return null;
                    }
                }

                return Wanted.Dequeue();
            }
            finally
            {
                _idle--;
            }
        }
    }
}
