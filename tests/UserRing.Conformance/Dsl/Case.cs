using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Conformance;

/// <summary>What a case found for a row: its value, and the answer of the same request without the fault, or why there is none.</summary>
internal sealed record Answer(string Row, long Value, long? Control, string? NoControl);

/// <summary>Ends a case whose rows cannot be measured on this engine or machine.</summary>
internal sealed class NotRunException(string why) : Exception(why);

/// <summary>
/// What a case is written with. A case asks the engine something and says what came of it; it never sees what the file expects.
/// <code>
/// internal static class FsyncCases                       // Cases/FsyncCases.cs; nothing else to edit: all lists are found
/// {
///     private static readonly CaseList Cases = new()     // several lists, files and static methods as you like
///     {
///         { "fsync.ok", c => c.Res(Fsync(c.File())) },                                        // one SQE on c.Ring: its res
///         { "fsync.badflag", c => c.Fault(Fsync(c.File()), (ref s) => s.RwFlags = 2) },       // without, then with the fault
///         { "fsync.pipe", c => c.Unlike(c.Res(Fsync(c.File())), c.Res(Fsync(c.Pipe().ReadEnd))) },
///         { "register.probe-null", c => c.Unlike(c.Register(op, good, 1), c.Register(op, 0, 1)) },
///         { "register.clock-resv", c => c.FaultOf(op, new ClockRegister(), (ref r) => r.Resv0 = 1, count: 0) },
///         { ["link.middle-1", "link.middle-2"], c => { Batch b = c.Run(Link(Nop), Nop); c.Row("link.middle-1", b[0]); ... } },
///         { "setup.emfile", Run.Alone, c => { ...; c.LimitTo(Libc.RLIMIT_NOFILE, 3); ... } }, // in a process of its own
///     };
/// }
/// </code>
/// Rows: a case of one row returns its value; a case of several records each with Row(name, value), or Rows(name, suffixes, good, bad) for
/// chains. Values are res, return values, words of memory; negative errno as it is; Yes(bool) for "1=yes".
/// Controls: every errno row needs the answer of its request WITHOUT the fault, and that must differ: Fault, FaultOf and Unlike(control,
/// faulty) note it for the next row; Control(value) does so by hand, before the Row; NoControl("reason") where no such request exists. If
/// running the control changes what the fault meets, use two rings or resources.
/// Rings: c.Ring (8 entries, made when first used), c.NewRing(flags, entries, cqEntries); a ring is a <see cref="SeamRing"/>: Next, Nops,
/// Submit, Enter, EnterFor, Take, Ready, SqFlags, Register, RegisterBy, RegisterFiles, RegisterBuffers, Word(offset), SqeAt, CqeAt.
/// Requests: the builders of <see cref="Sqes"/> (Nop, Read, Poll, Link(sqe), Fixed(sqe) ...; add yours in a partial file of yours), changed
/// by <c>with { }</c>. Res(sqe) one, Run(sqes) one submit and all its completions, Submit(sqes) without waiting, After(ms) how many CQEs
/// are visible a while later. All take a ring first if it is not c.Ring. User_data 0 becomes the position, from 1 (not in Res).
/// Raw calls: c.Seam (the engine), c.Setup, c.Map, c.Enter(fd, ...), c.Register(...). Addresses: c.Put(value) copies a struct,
/// c.Text("path") a string with its NUL, c.Iovs((address, length), ...), c.Ms(20) and c.Seconds(100) a timespec, c.Buffer 64 KiB,
/// c.Memory(bytes) whole pages with an untouchable one behind, TestMemory.Bad (unmapped), TestMemory.ReadOnly, c.KernelAddress.
/// Descriptors, closed with the case: c.File(bytes = 100), c.OpenFile(bytes, flags), c.Pipe(), c.PipeWith("text"), c.EventFd(), c.Null,
/// c.Folder() (a path), c.Pair(), c.Listener() and the other sockets of Case.Sockets.cs; c.Fd(res) for what a request opened. A closed one
/// is c.NoFd, never a number closed just now (cases run beside each other). What a request closes must come from c.Loose().
/// Others: c.Elsewhere(() => ...) another thread, c.Timed(() => ...) elapsed ms, c.Until(condition), c.Idle(ms), c.Cleanup(...), Ok(answer)
/// for a step that must work. Alone only: LimitTo, UseUpDescriptors, BecomeUser.
/// On the managed engine a request of an operation it does not have makes the case "not run"; nothing need be declared. Waits are bounded
/// (10 s a completion, 20 s a case): what never comes is a deviation. Keep waits short: 20 to 50 ms where the file says 100.
/// </summary>
internal sealed partial class Case : IDisposable
{
    private readonly List<Answer> _answers = [];
    private readonly Stack<Action> _cleanups = new();
    private readonly List<SeamRing> _rings = [];
    private readonly bool _alone;
    private SeamRing? _ring;
    private long? _control;
    private string? _noControl;

    public Case(string engine, bool alone)
    {
        (Engine, _alone) = (engine, alone);
        // The kernel's as it is: asking whether it works would make this process one that has used a ring.
        Seam = engine == TestEngines.Kernel ? RingEngines.Kernel : TestEngines.Get(engine);
    }

    /// <summary>"kernel" or "managed". Hardly any case should ask.</summary>
    public string Engine { get; }

    /// <summary>The engine, called with nothing in between.</summary>
    public IRingEngine Seam { get; }

    public IReadOnlyList<Answer> Answers => _answers;

    /// <summary>A plain ring of 8 entries, made when first asked for.</summary>
    public SeamRing Ring => _ring ??= NewRing();

    /// <summary>Records what came of a row.</summary>
    public void Row(string name, long value)
    {
        if (_answers.Exists(answer => answer.Row == name))
            throw new InvalidOperationException($"{name} was recorded before.");
        _answers.Add(new Answer(name, value, _control, _noControl));
        (_control, _noControl) = (null, null);
    }

    /// <summary>The answer of the next row's request without its fault.</summary>
    public void Control(long answer) => _control = answer;

    /// <summary>Why the next row's request cannot be made without its fault.</summary>
    public void NoControl(string reason) => _noControl = reason;

    /// <summary>The answer with the fault, which is to be unlike the answer without: the control comes first and is made first.</summary>
    public long Unlike(long control, long faulty)
    {
        Control(control);
        return faulty;
    }

    public SeamRing NewRing(SetupFlags flags = 0, uint entries = 8, uint cqEntries = 0, uint idleMs = 0) =>
        NewRing(entries, SeamRing.Parameters(flags, cqEntries, idleMs));

    public SeamRing NewRing(uint entries, RingParams parameters)
    {
        var ring = new SeamRing(Seam, entries, parameters);
        _rings.Add(ring);
        return ring;
    }

    /// <summary>Done when the case ends, the last first, after its rings are gone.</summary>
    public void Cleanup(Action action) => _cleanups.Push(action);

    /// <summary>Gives it back when the case ends.</summary>
    public T Own<T>(T resource)
        where T : IDisposable
    {
        Cleanup(resource.Dispose);
        return resource;
    }

    public void Dispose()
    {
        foreach (SeamRing ring in _rings)
            ring.Dispose();
        while (_cleanups.TryPop(out Action? action))
            action();
    }

    private void RequireAlone([CallerMemberName] string what = "")
    {
        if (!_alone)
            throw new InvalidOperationException($"{what} changes the process: the case must be Run.Alone.");
    }
}
