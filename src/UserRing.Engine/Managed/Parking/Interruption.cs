using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>Threads of which some may be in a call that is to end.</summary>
internal interface IInterruptible
{
    /// <summary>Sends once more to those that are; false if there are none left.</summary>
    bool InterruptAgain();
}

/// <summary>
/// Ends the system calls in which workers are blocked, for cancels and releases. A real-time signal that does nothing makes the call answer
/// EINTR; because it may come a moment before the call begins, it is sent again until the worker has let the request go. That is
/// done by a thread of the process that lives only as long as somebody is to be interrupted, since a canceller must not wait: some
/// calls cannot be interrupted at all.
/// </summary>
internal static class Interruption
{
    private const int MostPauseMs = 64;

    private static readonly object Gate = new();
    private static readonly HashSet<IInterruptible> Pending = [];
    private static readonly int Signal = Libc.TakeFreeRealTimeSignal();
    private static bool _running;

    /// <summary>On a worker thread, once: its creator may have blocked every signal.</summary>
    internal static void Admit()
    {
        if (Signal > 0)
            Libc.PthreadSigmask(Libc.SIG_UNBLOCK, 1UL << (Signal - 1), out _);
    }

    /// <summary>Interrupts a thread that cannot end meanwhile: the caller holds the lock it needs for that.</summary>
    internal static void Send(int task)
    {
        if (Signal > 0)
            Libc.Tgkill(Environment.ProcessId, task, Signal);
    }

    /// <summary>Has <paramref name="threads"/> send again and again, until none of them is to be interrupted any more.</summary>
    internal static void Repeat(IInterruptible threads)
    {
        if (Signal <= 0)
            return;
        lock (Gate)
        {
            Pending.Add(threads);
            if (_running)
            {
                Monitor.Pulse(Gate);
                return;
            }

            _running = true;
        }

        try
        {
            new Thread(Run, 256 * 1024) { IsBackground = true, Name = "uring-intr" }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            lock (Gate)
                _running = false; // no thread to be had: the one signal that was sent has to do
        }
    }

    private static void Run()
    {
        int pauseMs = 1;
        while (true)
        {
            IInterruptible[] asked;
            lock (Gate)
            {
                if (Pending.Count == 0)
                {
                    _running = false;
                    return;
                }

                asked = [.. Pending];
                // The first signal nearly always does; what withstands several is in a call that ends by itself.
                pauseMs = Monitor.Wait(Gate, pauseMs) ? 1 : Math.Min(pauseMs * 2, MostPauseMs);
            }

            foreach (IInterruptible threads in asked)
            {
                if (!threads.InterruptAgain())
                    Forget(threads);
            }
        }
    }

    private static void Forget(IInterruptible threads)
    {
        lock (Gate)
        {
            // Asked again in the meantime, it stays: whoever asks has marked a request before.
            Pending.Remove(threads);
        }

        if (threads.InterruptAgain())
        {
            lock (Gate)
                Pending.Add(threads);
        }
    }
}
