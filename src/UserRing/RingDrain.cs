using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing;

/// <summary>
/// Ends the held requests of a ring that is being disposed, so that their memory can be let go: those the engine never saw at once,
/// the others by cancelling them and waiting for their completions. Needs the ring's memory to itself.
/// </summary>
internal sealed class RingDrain(RingMapping mapping, HeldRequests held)
{
    private const int PatienceMs = 5_000;
    private const int PatienceWithoutCallsMs = 500;
    private const int RoundMs = 20;

    /// <summary>user_data of our cancels: a generation and a slot that no held request has.</summary>
    private const ulong CancelUserData = ulong.MaxValue;

    private readonly RingPointers _shared = new(mapping);
    private readonly RingParams _parameters = mapping.Parameters;
    private uint _tail;
    private bool _obeys = true;

    private bool IsSqPoll => (_parameters.Flags & SetupFlags.SqPoll) != 0;

    /// <param name="queuedTail">The tail up to which the user had queued SQEs, published or not.</param>
    internal void Run(uint queuedTail)
    {
        ForgetUnseen(queuedTail);
        Reap();
        if (held.Count > 0)
            CancelAll();

        long start = Stopwatch.GetTimestamp();
        while (Reap() && Stopwatch.GetElapsedTime(start).TotalMilliseconds < (_obeys ? PatienceMs : PatienceWithoutCallsMs))
        {
            if (_obeys)
                WaitForSome();
            else
                Thread.Sleep(1);
        }
    }

    /// <summary>
    /// What the engine has not taken it will not take: the queue is cut off there. A polling thread takes what was published by itself.
    /// </summary>
    private void ForgetUnseen(uint queuedTail)
    {
        _tail = IsSqPoll ? _shared.SqTail : _shared.SqHead;
        if (queuedTail - _tail > _parameters.SqEntries)
            return;
        for (uint position = _tail; position != queuedTail; position++)
            held.Release(_shared.SqeAt(position).UserData);
        _shared.PublishSqTail(_tail);
    }

    private void CancelAll()
    {
        for (int i = 0; i < held.Capacity && _obeys; i++)
        {
            if (!held.TokenAt(i, out ulong token))
                continue;
            if (_tail - _shared.SqHead == _parameters.SqEntries)
                Submit();
            if (!_obeys || _tail - _shared.SqHead == _parameters.SqEntries)
                return;
            _shared.SqeAt(_tail++).PrepareAsyncCancel(token).UserData = CancelUserData;
        }

        Submit();
    }

    private void Submit()
    {
        _shared.PublishSqTail(_tail);
        for (int attempt = 0; attempt < 100 && _obeys; attempt++)
        {
            uint left = _tail - _shared.SqHead;
            if (left == 0)
                return;
            // Waking a polling thread that is awake does no harm, so its flag need not be looked at.
            Enter(left, 0, IsSqPoll ? EnterFlags.SqWakeup : EnterFlags.None, 0, 0);
            Reap();
            if (attempt > 0)
                Thread.Sleep(1);
        }
    }

    private void WaitForSome()
    {
        if ((_parameters.Features & RingFeatures.ExtArg) == 0)
        {
            Enter(0, 0, EnterFlags.GetEvents, 0, 0);
            Thread.Sleep(1);
            return;
        }

        KernelTimespec time = new() { TvNsec = RoundMs * 1_000_000 };
        GetEventsArg argument = new() { Ts = AddressOf.Local(ref time) };
        Enter(0, 1, EnterFlags.GetEvents | EnterFlags.ExtArg, AddressOf.Local(ref argument), 24);
    }

    /// <summary>
    /// An engine that no longer takes calls for this ring (another thread is its single issuer, or it was released to wake its user) may
    /// still finish what it has once the ring is released: the managed one cancels it all, the kernel does so only when the memory is
    /// unmapped too.
    /// </summary>
    private void Enter(uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        int result = mapping.Engine.Enter(mapping.Descriptor, toSubmit, minComplete, flags, argument, argumentSize);
        if (result is >= 0 or -Errno.EINTR or -Errno.ETIME or -Errno.EAGAIN or -Errno.EBUSY)
            return;
        _obeys = false;
        mapping.Release();
    }

    /// <summary>Whether held requests are left.</summary>
    private bool Reap()
    {
        uint head = _shared.CqHead, tail = _shared.CqTail;
        for (; head != tail; head++)
            held.Complete(_shared.CqeAt(head));
        _shared.PublishCqHead(head);
        return held.Count > 0;
    }
}
