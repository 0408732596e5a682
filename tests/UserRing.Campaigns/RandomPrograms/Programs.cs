using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>A whole program of a ring: how it is set up, and what is done to it and around it, one thing after the other.</summary>
internal sealed record RandomProgram(RingShape Ring, Step[] Steps)
{
    public override string ToString() =>
        $"ring {Ring}\n" + string.Join('\n', Steps.Select((step, index) => $"{index,2}: {step}"));
}

/// <param name="Flags">Setup flags.</param>
/// <param name="Entries">Of the SQ.</param>
/// <param name="CqEntries">Few, so that it overflows where nobody reaps.</param>
internal sealed record RingShape(SetupFlags Flags, uint Entries, uint CqEntries);

/// <summary>One step; after each, unless it says otherwise, everything that can end is waited for.</summary>
internal abstract record Step;

/// <summary>Requests, submitted by one call.</summary>
/// <param name="Requests">In order.</param>
/// <param name="Reaps">Otherwise the completions stay in the CQ, and only what ends at once is submitted.</param>
internal sealed record Batch(RequestShape[] Requests, bool Reaps) : Step
{
    public override string ToString() =>
        (Reaps ? "batch" : "batch, not reaped") + string.Concat(Requests.Select(request => $"\n      {request}"));
}

/// <summary>The program's other half does something to a stream.</summary>
internal sealed record FarStep(FarAct Act, int Stream, int Bytes) : Step
{
    public override string ToString() => $"far end of stream {Stream}: {Act} {Bytes}";
}

internal enum FarAct
{
    Write,
    Read,
    CloseWriteEnd,
    CloseReadEnd,
}

/// <summary>A register command between batches.</summary>
internal sealed record RegisterStep(RegisterAct Act, int Slot) : Step
{
    public override string ToString() => $"register: {Act} {Slot}";
}

internal enum RegisterAct
{
    ClearFile,
    RestoreFile,
    UnregisterFiles,
    RegisterFiles,
    UnregisterBuffers,
    RegisterBuffers,
}

/// <summary>An index in the SQ array that names no SQE.</summary>
internal sealed record BadIndex : Step
{
    public override string ToString() => "an SQ index beyond the SQEs";
}

internal enum Kind
{
    Nop,
    ReadStream,
    WriteStream,
    ReadFile,
    WriteFile,
    Fsync,
    Poll,
    Timeout,
    LinkTimeout,
    Cancel,
}

/// <summary>How a transfer names its memory.</summary>
internal enum Form
{
    Plain,
    Vectored,
    Fixed,
    VectoredFixed,
}

/// <summary>Something wrong with a request.</summary>
internal enum Flaw
{
    None,
    UnknownOpcode,
    UnknownFlag,
    SelectsBuffer,
    Priority,
    Personality,
    BadAddress,
    NullAddress,
    ClosedFile,
    NoSuchFile,
    BufferIndex,
    SpliceIn,
    RwFlags,
    Attributes,
    Length,
    Offset,
}

/// <summary>
/// A request by names instead of numbers and addresses, so that two engines can be given the same one. What its fields mean depends on the
/// kind; see <see cref="SqeMaker"/>.
/// </summary>
internal sealed record RequestShape
{
    public Kind Kind { get; init; }

    public SqeFlags Flags { get; init; }

    public Form Form { get; init; }

    /// <summary>Which stream or file.</summary>
    public int Target { get; init; }

    public int Length { get; init; }

    /// <summary>In a file, or -1 for its own position.</summary>
    public long Offset { get; init; }

    /// <summary>Events of a poll, flags of a timeout, a cancel, an fsync, a NOP's result.</summary>
    public int Extra { get; init; }

    /// <summary>Completions that a timeout waits for, repeats of a multishot one; how far back a cancel's victim was submitted.</summary>
    public int Count { get; init; }

    /// <summary>A time that passes while the program runs; otherwise one that never does.</summary>
    public bool IsShort { get; init; }

    public Flaw Flaw { get; init; }

    /// <summary>Of a stream's two ends the one written to.</summary>
    public bool WritesStream => Kind == Kind.WriteStream || Kind == Kind.Poll && (Extra & Libc.POLLOUT) != 0 && (Extra & Libc.POLLIN) == 0;

    public bool UsesStream => Kind is Kind.ReadStream or Kind.WriteStream or Kind.Poll;

    public bool Links => (Flags & (SqeFlags.IoLink | SqeFlags.IoHardlink)) != 0;

    public bool Is(SqeFlags flag) => (Flags & flag) != 0;

    /// <summary>Ends or waits in a place of its own before the call that submitted it returns, on every engine.</summary>
    public bool IsInstant =>
        !Is(SqeFlags.Async) && (Kind is not (Kind.ReadFile or Kind.WriteFile or Kind.Fsync) || Flaw == Flaw.ClosedFile);

    /// <summary>A transfer that is not to wait; a worker that executes it waits all the same.</summary>
    public bool IsNoWait =>
        Kind is Kind.ReadStream or Kind.WriteStream or Kind.ReadFile or Kind.WriteFile && (Extra & Libc.RWF_NOWAIT) != 0;

    /// <summary>May wait for something that is not certain to happen.</summary>
    public bool MayWait => Kind is Kind.ReadStream or Kind.WriteStream or Kind.Poll or Kind.Timeout;

    public override string ToString()
    {
        string text = Kind switch
        {
            Kind.Nop => Extra == 0 ? "nop" : $"nop with result {Extra}",
            Kind.ReadStream or Kind.WriteStream => $"{Kind} {Target}, {Length} bytes",
            Kind.ReadFile or Kind.WriteFile => $"{Kind} {Target}, {Length} bytes at {Offset}",
            Kind.Fsync => $"fsync file {Target}, flags {Extra}",
            Kind.Poll => $"poll stream {Target} for {Extra:x}" + (Count > 0 ? ", multishot" : ""),
            Kind.Timeout => $"timeout {Time}, count {Count}, flags {Extra:x}",
            Kind.LinkTimeout => $"link timeout {Time}, flags {Extra:x}",
            _ => $"cancel {(CancelFlags)Extra}: "
                + ((Extra & (int)CancelFlags.Fd) != 0 ? $"stream {Target}" : $"{Count} back, op {Length}"),
        };
        bool hasFlags = Kind is Kind.ReadStream or Kind.WriteStream or Kind.ReadFile or Kind.WriteFile && Extra != 0;
        return text + (hasFlags ? $", rw_flags {Extra:x}" : "") + (Form != Form.Plain ? $", {Form}" : "")
            + (Flags != 0 ? $" [{Flags}]" : "") + (Flaw != Flaw.None ? $" !{Flaw}" : "");
    }

    private string Time => IsShort ? "short" : "long";
}
