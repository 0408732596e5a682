using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// Runs a program on one engine and writes down what it could see. The kernel's run waits until nothing can happen any more; the other
/// engine's run, which is given the kernel's numbers, until as many completions have come.
/// </summary>
internal sealed partial class ProgramRun : IDisposable
{
    private const int MostInChain = 16, MostWorkers = 64;

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(2);

    /// <summary>What is certain to end and has not by then never will; a busy disk has been seen to take four seconds.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromSeconds(30);

    private readonly World _world;
    private readonly RandomProgram _program;
    private readonly SeamRing _ring;
    private readonly Tracker _tracker;
    private readonly SqeMaker _maker;
    private readonly Queue<Member?> _queued = new();
    private readonly ProgramRun? _other;
    private readonly List<(int Completed, string Levels)> _rests = [];
    private readonly List<string> _ending = [];
    private readonly TimeSpan _quiet;
    private readonly bool _isPolled;
    private uint _position;
    private bool _hasFiles, _hasBuffers, _isLost;

    private ProgramRun(IRingEngine engine, World world, RandomProgram program, ProgramRun? other, TimeSpan quiet, Slip? slip)
    {
        (_world, _program, _other, _quiet) = (world, program, other, quiet);
        _isPolled = (program.Ring.Flags & SetupFlags.SqPoll) != 0;
        world.Reset();
        RingParams parameters = SeamRing.Parameters(program.Ring.Flags, program.Ring.CqEntries, idleMs: 1);
        _ring = new SeamRing(engine, program.Ring.Entries, parameters);
        (_tracker, _maker) = (new Tracker(world), new SqeMaker(world, slip));
        // The kernel's workers belong to the thread, and have become as few as its first ring had entries.
        if (other is null)
            Assert.Equal(0, _ring.RegisterBy(RegisterOp.RegisterIoWqMaxWorkers, (MostWorkers, MostWorkers), 2));
    }

    public List<string> Lines { get; } = [];

    public void Dispose() => _ring.Dispose();

    public Tracker Tracker => _tracker;

    /// <summary>Times that the CQ was full.</summary>
    public int Overflows { get; private set; }

    /// <summary>Rests that were only assumed, because nothing happened for a while.</summary>
    public int Guesses { get; private set; }

    /// <summary>Runs it.</summary>
    /// <param name="other">The run on the engine that this one is to be compared with; null for that one itself.</param>
    /// <param name="quiet">How long nothing must happen before nothing is expected.</param>
    /// <param name="slip">A mistake that is made with the program on purpose.</param>
    public static ProgramRun Of(
        IRingEngine engine, World world, RandomProgram program, ProgramRun? other, TimeSpan quiet, Slip? slip = null)
    {
        var run = new ProgramRun(engine, world, program, other, quiet, slip);
        try
        {
            run.Run();
        }
        catch (Xunit.Sdk.XunitException failure) when (other is not null)
        {
            run.Lines.Add($"failed: {failure.Message}");
        }
        finally
        {
            run.Dispose();
        }

        return run;
    }

    private void Run()
    {
        Register(new RegisterStep(RegisterAct.RegisterFiles, 0));
        Register(new RegisterStep(RegisterAct.RegisterBuffers, 0));
        for (int i = 0; i < _program.Steps.Length; i++)
        {
            Lines.Add($"step {i}");
            switch (_program.Steps[i])
            {
                case Batch batch:
                    Submit(batch);
                    break;
                case FarStep far:
                    Act(far);
                    break;
                case RegisterStep register:
                    Lines.Add($"  {register.Act}: {Register(register)}");
                    break;
                case BadIndex:
                    QueueBadIndex();
                    break;
            }
        }

        Finish();
    }

    private void Submit(Batch batch)
    {
        int room = Math.Min((int)_ring.SqEntries - _queued.Count, World.MostRequests - _tracker.Members.Count);
        RequestShape[] requests = batch.Requests[..Math.Min(room, batch.Requests.Length)];
        // Left over from a batch that was cut short.
        List<RequestShape> before = [.. _queued.Where(member => member is not null).Select(member => member!.Shape)];
        bool reaps = batch.Reaps || _isPolled || _tracker.HasDrained || before.Count > 0
            || Array.Exists(requests, request => request.Is(SqeFlags.IoDrain));
        var tamer = new Tamer(_tracker, requests, new BatchState(before.Count == 0, reaps, _isPolled, _ring.Ready > 0));
        for (int i = 0; i < requests.Length; i++)
        {
            Member member = _tracker.Add(tamer.Tame(i));
            _ring.Next() = _maker.Make(member.Shape, member.Number);
            _queued.Enqueue(member);
            _position++;
        }

        Enter();
        if (reaps)
        {
            Rest();
            return;
        }

        // On a DEFER_TASKRUN ring each takes the kernel one step along a chain.
        for (int i = 0; i < MostInChain; i++)
            _ring.GetEvents();
        bool isOverflown = (_ring.SqFlags & SqRingFlags.CqOverflow) != 0;
        Overflows += isOverflown ? 1 : 0;
        Lines.Add($"  unread {_ring.Ready}, {isOverflown}");
    }

    private void QueueBadIndex()
    {
        if (_queued.Count >= _ring.SqEntries || _tracker.OpenChain is not null)
            return;
        _ring.Next();
        _ring.SqArray(_position++) = 1000;
        _queued.Enqueue(null);
    }

    private void Enter()
    {
        _tracker.LookAhead();
        int count = _queued.Count;
        if (_isPolled)
        {
            _ring.PublishAndWake();
            Until.True(() => _ring.Queued == 0, "the polling thread takes what was queued");
        }
        else
        {
            Lines.Add($"  submitted {_ring.Enter((uint)count)} of {count}");
        }

        uint left = _ring.Queued;
        while (_queued.Count > left)
        {
            if (_queued.Dequeue() is { } member)
                _tracker.Submitted(member);
            else
                _ring.SqArray(_position - (uint)_queued.Count - 1) = (_position - (uint)_queued.Count - 1) & (_ring.SqEntries - 1);
        }

        if (left == 0)
            _tracker.EndChain();
        Lines.Add($"  dropped {_ring.Dropped}");
    }

    private void Act(FarStep step)
    {
        Stream stream = _world[step.Stream];
        // A report that finds no room ends what goes on, and whether it is there before room is made is a matter of moments.
        if (_ring.Ready > 0 && _tracker.HasMultishot)
            Rest();
        switch (step.Act)
        {
            case FarAct.Write:
                // Of several who wait for the same bytes any may get them.
                Lines.Add(_tracker.Takers(step.Stream) > 1 ? "  -" : $"  {stream.FarWrite(step.Bytes)}");
                break;
            case FarAct.Read:
                Lines.Add(_tracker.Takers(step.Stream) > 1 ? "  -" : $"  {stream.FarRead(step.Bytes)}");
                break;
            case FarAct.CloseWriteEnd:
                ClearSlot(World.SlotOf(step.Stream, writes: true));
                stream.CloseWriteEnd();
                break;
            default:
                ClearSlot(World.SlotOf(step.Stream, writes: false));
                stream.CloseReadEnd();
                break;
        }

        _tracker.Touch(step.Stream);
        Rest();
    }

    private void Finish()
    {
        Lines.Add("the end");
        while (_queued.Count > 0)
        {
            Enter();
            Rest();
        }

        Register(new RegisterStep(RegisterAct.UnregisterFiles, 0));
        for (int i = 0; i < World.Streams; i++)
        {
            for (string left = _world[i].FarRead(1 << 16); left[0] is not ('-' or '0'); left = _world[i].FarRead(1 << 16))
            {
                Lines.Add($"  left in {i}: {left}");
                _tracker.Touch(i);
                Rest();
            }
        }

        for (int i = 0; i < World.Streams; i++)
        {
            _world[i].CloseWriteEnd();
            if (_tracker.Touch(i))
                Rest();
            _world[i].CloseReadEnd();
            if (_tracker.Touch(i))
                Rest();
        }

        Describe();
        // What a silent request does can be seen only where it does it.
        if (_other is not null && !_isLost)
            SpinWait.SpinUntil(() => _ending.SequenceEqual(_other._ending) || !Describe(), _quiet);
        Lines.AddRange(_ending);
    }

    /// <summary>What is left when all is over; always true.</summary>
    private bool Describe()
    {
        _ending.Clear();
        _ending.AddRange(_world.Describe());
        _ending.AddRange(
            from member in _tracker.Members
            where member.Shape.Kind is Kind.ReadStream or Kind.ReadFile
            select $"memory of #{member.Number}: {_world.HashOfSlot(member.Number)}");
        _ending.Add(
            $"never ended: {string.Join(' ', _tracker.Members.Where(member => !member.HasResult).Select(member => member.Number))}");
        return true;
    }

    /// <summary>Whether as much has happened as on the other engine.</summary>
    private bool IsWhereOtherWas()
    {
        if (_other is null || _rests.Count >= _other._rests.Count || _isLost)
            return true;
        (int completed, string levels) = _other._rests[_rests.Count];
        return _tracker.Completed >= completed && _world.Levels() == levels;
    }

    /// <summary>Waits until nothing is left to wait for, and writes down what has come.</summary>
    private void Rest()
    {
        int before = _tracker.Completed;
        long since = Stopwatch.GetTimestamp();
        bool isCertain = _other is null && !_tracker.IsMurky, isSettled = isCertain;
        _tracker.Outlook(); // what is able to end now must be known before it has
        while (true)
        {
            _ring.GetEvents();
            List<Cqe> taken = _ring.TakeReady();
            foreach (ref readonly Cqe cqe in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(taken))
                _tracker.Complete(cqe);
            if (taken.Count > 0)
            {
                (since, isSettled) = (Stopwatch.GetTimestamp(), isCertain);
                continue;
            }

            Outlook outlook = _other is not null ? RandomPrograms.Outlook.Unsure : _tracker.Outlook();
            if (_other is not null ? IsWhereOtherWas() : outlook == RandomPrograms.Outlook.Quiet)
            {
                if (isSettled)
                    break;
                EngineThreads.AwaitSleep();
                isSettled = true;
                continue;
            }

            if (outlook == RandomPrograms.Outlook.Sure && Stopwatch.GetElapsedTime(since) > Endless)
                Assert.Fail($"#{_tracker.Last?.Number} does not end: {_tracker.Last?.Shape}\n{Unfinished()}");
            if (outlook != RandomPrograms.Outlook.Sure && Stopwatch.GetElapsedTime(since) > _quiet)
            {
                _isLost |= _other is not null; // from here on the two have nothing to do with each other
                Guesses++;
                _tracker.PresumeQuiet();
                break;
            }

            _ring.EnterFor(0, 1, Slice);
        }

        _rests.Add((_tracker.Completed, _world.Levels()));
        Report(before);
        Lines.Add($"  levels {_rests[^1].Levels}");
    }
}
