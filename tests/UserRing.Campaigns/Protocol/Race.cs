using System.Diagnostics;
using System.Runtime.ExceptionServices;
using UserRing.Engine.Tests;

namespace UserRing.Campaigns.Protocol;

/// <summary>
/// Threads that race each other for a time, each with a part of its own. What fails in one ends all; one that does not end, because
/// nobody woke it, fails the test.
/// </summary>
/// <remarks>
/// CsCheck's parallel sampling is not used: it compares what a few calls leave behind with what they leave in some order, each begun on
/// a fresh object. Timers, file tables and buffer groups are used under locks of their ring, so that such an object would be a whole ring;
/// and what breaks here is not what is left but that a thread sleeps on, or sees half of something, which takes many rounds on one ring.
/// </remarks>
internal sealed class Race
{
    private static readonly double TicksPerMicrosecond = Stopwatch.Frequency / 1e6;

    private readonly long _end, _latest;
    private readonly Func<bool> _isEnough;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _isDone;

    private Race(double ordinarySeconds, Func<bool> isEnough)
    {
        _end = Stopwatch.GetTimestamp() + (long)(Campaign.Time(ordinarySeconds).TotalSeconds * Stopwatch.Frequency);
        _latest = _end + (long)(SeamRing.Patience.TotalSeconds * Stopwatch.Frequency);
        _isEnough = isEnough;
    }

    /// <summary>The time is up and enough has happened: what is begun is still brought to its end.</summary>
    public bool IsOver => HasFailed || Stopwatch.GetTimestamp() is var now && now >= _end && (now >= _latest || _isEnough());

    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Everything has come to its end, as the part that knows has said: the others may leave.</summary>
    public bool IsDone => _isDone || HasFailed;

    /// <summary>
    /// Runs the parts, a thread each, until all have ended. On a machine that is busy with other things it goes on until
    /// <paramref name="isEnough"/>, which is checked.
    /// </summary>
    public static void Run(
        double ordinarySeconds, Func<bool> isEnough, Func<string> what, params IReadOnlyList<(string Name, Action<Race> Run)> parts)
    {
        var race = new Race(ordinarySeconds, isEnough);
        Thread[] threads = [.. parts.Select(part => new Thread(() => race.Run(part.Run)) { IsBackground = true, Name = part.Name })];
        foreach (Thread thread in threads)
            thread.Start();
        SpinWait.SpinUntil(() => race.HasFailed || race.IsLate || !Array.Exists(threads, thread => thread.IsAlive), Timeout.Infinite);
        if (race.IsLate)
        {
            IEnumerable<string?> names = threads.Where(thread => thread.IsAlive).Select(thread => thread.Name);
            race.Fail(new TimeoutException($"These hang: {string.Join(", ", names)}"));
        }

        // Nobody is to use the ring any more when it is disposed of: waits in it are limited.
        Array.ForEach(threads, thread => thread.Join(SeamRing.Patience));
        race._failure?.Throw();
        Assert.True(isEnough(), what());
    }

    public void Done() => _isDone = true;

    /// <summary>Waits, not asleep for long, for what another part brings about. False if that fails.</summary>
    public bool Until(Func<bool> condition, Func<string> what)
    {
        long end = Stopwatch.GetTimestamp() + (long)(SeamRing.Patience.TotalSeconds * Stopwatch.Frequency);
        var wait = default(SpinWait);
        while (!condition())
        {
            if (HasFailed)
                return false;
            if (Stopwatch.GetTimestamp() > end)
                Assert.Fail($"never came true: {what()}");
            wait.SpinOnce(sleep1Threshold: -1);
        }

        return true;
    }

    /// <summary>For no time mostly, else up to 0.3 ms, or by giving up the processor, in case there is only one.</summary>
    public static void Linger(Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                SpinFor(random.Next(300));
                return;
            case 1:
                Thread.SpinWait(random.Next(400));
                return;
            case 2:
                Thread.Yield();
                return;
            default:
                return;
        }
    }

    public static void SpinFor(double microseconds)
    {
        long end = Stopwatch.GetTimestamp() + (long)(microseconds * TicksPerMicrosecond);
        while (Stopwatch.GetTimestamp() < end)
            Thread.SpinWait(10);
    }

    /// <summary>Each part's own waits end earlier than this.</summary>
    private bool IsLate => Stopwatch.GetTimestamp() > _latest + (long)(2 * SeamRing.Patience.TotalSeconds * Stopwatch.Frequency);

    private void Run(Action<Race> part)
    {
        try
        {
            part(this);
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    private void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
}
