using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing;

public sealed partial class Ring
{
    private bool _hasPollDescriptor;

    /// <summary>
    /// A descriptor for poll(2) and epoll(7), readable while completions are unread: the ring's own on the kernel engine; on the
    /// managed one, whose ring memory cannot be polled, a second descriptor made at the first call. Owned by the ring: do not close or
    /// read it. It is brought up to date by reaping and by every call that enters the engine.
    /// </summary>
    /// <exception cref="RingException">No descriptor was to be had.</exception>
    public int PollDescriptor
    {
        get
        {
            ThrowIfDisposed();
            if (_engine is not ManagedEngine managed)
                return _descriptor;
            int descriptor;
            BeginCall(0);
            try
            {
                descriptor = managed.PollDescriptor(_descriptor);
            }
            finally
            {
                EndCall();
            }

            if (descriptor < 0)
                throw RingException.OfCall("PollDescriptor", descriptor);
            _hasPollDescriptor = true;
            return descriptor;
        }
    }

    /// <summary>
    /// Sends a signal whenever completions are posted, as the first io_uring did with SIGIO. Only the managed engine can: Linux accepts
    /// O_ASYNC on a ring and ignores it (seen on 6.18). <paramref name="signal"/> 0 ends it.
    /// </summary>
    /// <param name="signal">Its number.</param>
    /// <param name="thread">The thread that gets it (gettid(2)); 0 for the process's first.</param>
    /// <exception cref="RingException">EOPNOTSUPP: the kernel's ring raises no signals.</exception>
    public void SignalOnCompletion(int signal, int thread = 0)
    {
        int result = -Errno.EOPNOTSUPP;
        BeginCall(0);
        try
        {
            if (_engine is ManagedEngine managed)
                result = managed.SignalOnCompletion(_descriptor, signal, thread);
        }
        finally
        {
            EndCall();
        }

        if (result < 0)
            throw RingException.OfCall("SignalOnCompletion", result);
    }

    /// <summary>After a reap that may have emptied the queue.</summary>
    private void RefreshPollDescriptor()
    {
        BeginCall(0);
        try
        {
            (_engine as ManagedEngine)?.PollDescriptor(_descriptor);
        }
        finally
        {
            EndCall();
        }
    }
}
