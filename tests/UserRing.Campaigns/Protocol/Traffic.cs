using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.Protocol;

/// <summary>Who posts a completion: the submitting thread, a worker, the poller for a file, or it for a time.</summary>
internal enum Source
{
    Inline,
    Worker,
    Poll,
    Timeout,
}

/// <summary>
/// Requests whose completions come from everywhere, and the account of them: each completes once, with the result that belongs to it, and
/// those of the submitting thread in order. One thread submits, one triggers what waits for files, one takes what is reaped.
/// </summary>
/// <param name="ring">The ring.</param>
/// <param name="mostInFlight">Requests that are not reaped yet.</param>
/// <param name="timeouts">Also timeouts, each of which ends every wait in the ring.</param>
internal sealed unsafe class Traffic(SeamRing ring, int mostInFlight, bool timeouts = true) : IDisposable
{
    private const int Files = 6, SourceShift = 56, FileShift = 48;
    private const ulong Number = (1ul << FileShift) - 1;
    private const int Free = 0, Waiting = 1, Triggered = 2;

    private readonly TestDescriptor[] _files = [.. Enumerable.Range(0, Files).Select(_ => TestDescriptor.EventFd())];
    private readonly int[] _states = new int[Files];
    private readonly TestMemory _time = new();
    private readonly List<bool>[] _seen = [[], [], [], []];
    private readonly ulong[] _sentOf = new ulong[4];
    private readonly Random _random = new(1);
    private readonly bool _polled = (ring.Params.Flags & SetupFlags.SqPoll) != 0;
    private long _sent, _taken;

    public long Sent => Volatile.Read(ref _sent);

    public long Taken => Volatile.Read(ref _taken);

    public bool IsQuiet => Sent == Taken;

    public string Account => $"{Sent} sent, {Taken} taken, {ring.Ready} unread, {ring.Queued} queued, flags {ring.SqFlags}, "
        + $"of each: {string.Join(' ', _sentOf)}, taken {string.Join(' ', _seen.Select(seen => seen.Count(was => was)))}";

    /// <summary>
    /// The submitter's part: anything while the time lasts, then only what completes at once, until nobody needs more and all is taken.
    /// </summary>
    public void Submit(Race race, Func<bool>? needsMore = null)
    {
        while (!race.HasFailed && (!race.IsOver || needsMore?.Invoke() == true))
        {
            race.Until(() => Sent - Taken < mostInFlight, () => $"room: {Account}");
            SubmitSome(anything: !race.IsOver);
            Race.Linger(_random);
            // Now and then nothing follows that would make up for what was missed.
            if (_random.Next(8) == 0)
                race.Until(() => IsQuiet, () => $"all is taken: {Account}");
        }

        race.Until(() => IsQuiet, () => $"all is taken: {Account}");
        race.Done();
    }

    /// <summary>Submits a few.</summary>
    public void SubmitSome(bool anything)
    {
        int burst = (int)Math.Min(_random.Next(1, 12), ring.SqEntries - ring.Queued);
        for (int i = 0; i < burst; i++)
            Queue(anything ? (Source)_random.Next(timeouts ? 4 : 3) : Source.Inline);
        // Counted before they can be taken.
        Volatile.Write(ref _sent, _sent + burst);
        if (_polled)
            ring.PublishAndWake();
        else
            Assert.Equal(burst, ring.Submit());
    }

    /// <summary>The part that makes waiting files ready, before or after the engine has come to wait for them.</summary>
    public void Trigger(Race race)
    {
        var random = new Random(2);
        while (!race.IsDone)
        {
            for (int file = 0; file < Files; file++)
            {
                if (Interlocked.CompareExchange(ref _states[file], Triggered, Waiting) == Waiting)
                    Libc.SignalEventfd(_files[file]);
            }

            Race.Linger(random);
            Thread.Yield();
        }
    }

    /// <summary>Enters a completion that was reaped into the account.</summary>
    public void Take(in Cqe cqe)
    {
        var source = (Source)(cqe.UserData >> SourceShift);
        int number = (int)(cqe.UserData & Number);
        List<bool> seen = _seen[(int)source];
        Assert.True(source != Source.Inline || number == seen.Count, $"out of order: {number} after {seen.Count}");
        while (seen.Count <= number)
            seen.Add(false);
        Assert.False(seen[number], $"{source} {number} came twice");
        seen[number] = true;
        Assert.Equal((source, number, ResultOf(source, number)), (source, number, cqe.Res));
        if (source == Source.Poll)
        {
            int file = (int)(cqe.UserData >> FileShift) & 0xFF;
            Libc.DrainEventfd(_files[file]);
            Assert.Equal(Triggered, Interlocked.Exchange(ref _states[file], Free));
        }

        Volatile.Write(ref _taken, _taken + 1);
    }

    /// <summary>Reaps what can be read: how many.</summary>
    public int TakeReady()
    {
        int count = 0;
        for (; ring.TryTake(out Cqe cqe); count++)
            Take(cqe);
        return count;
    }

    public void Dispose()
    {
        Array.ForEach(_files, file => file.Dispose());
        _time.Dispose();
    }

    private void Queue(Source source)
    {
        int file = source == Source.Poll ? Array.FindIndex(_states, state => state == Free) : 0;
        if (file < 0)
            (source, file) = (Source.Worker, 0);
        ulong number = _sentOf[(int)source]++;
        ref Sqe sqe = ref ring.Next();
        switch (source)
        {
            case Source.Poll:
                sqe.PreparePollAdd(_files[file], (uint)Libc.POLLIN);
                Volatile.Write(ref _states[file], Waiting);
                break;
            case Source.Timeout:
                sqe.PrepareTimeout(_time.PutTime(0, TimeSpan.FromMicroseconds(100)));
                break;
            default:
                sqe.PrepareNop().Flags = source == Source.Worker ? SqeFlags.Async : 0;
                (sqe.NopFlags, sqe.Len) = (NopFlags.InjectResult, (uint)ResultOf(source, (int)number));
                break;
        }

        sqe.UserData = (ulong)source << SourceShift | (ulong)file << FileShift | number;
    }

    private static int ResultOf(Source source, int number) => source switch
    {
        Source.Poll => Libc.POLLIN,
        Source.Timeout => -Errno.ETIME,
        _ => (int)((uint)number * 2654435769u >> 1),
    };
}
