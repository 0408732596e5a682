using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// When a wait ends for lack of completions (io_uring/io_uring.c, io_cqring_min_timer_wakeup): at its deadline, or, where a minimum time
/// was given, at the end of that if there is something by then, or no later deadline. If there is nothing, the first completion from then
/// on ends it.
/// </summary>
internal struct WaitLimit
{
    private const long Never = long.MaxValue;

    private readonly int _clock;
    private readonly uint _firstTail;
    private readonly long _deadline, _minWait;
    private long _end;

    internal WaitLimit(int clock, in WaitArgument argument, uint tail)
    {
        (_clock, _firstTail, _minWait) = (clock, tail, argument.MinWait);
        long now = Libc.ClockGettimeNs(clock);
        _deadline = argument.Deadline(now);
        _end = _minWait > 0 ? now + _minWait : _deadline;
    }

    internal readonly bool HasEnd => _end is not Never and >= 0;

    internal readonly long Left() => _end - Libc.ClockGettimeNs(_clock);

    /// <summary>
    /// The end was reached. True if it was that of the minimum time, nothing has come, and the wait goes on for one completion, until
    /// the tail is <paramref name="target"/>. (Comparing a duration with a point in time is the kernel's.)
    /// </summary>
    internal bool GoOn(Completion completions, out uint target)
    {
        target = _firstTail + 1;
        if (_minWait == 0 || _end == _deadline || _deadline == Never || _minWait >= _deadline)
            return false;
        if (completions.Tail != _firstTail || completions.Unread > 0)
            return false;
        _end = _deadline;
        return true;
    }
}
