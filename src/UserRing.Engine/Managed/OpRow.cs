using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>What an operation asks of its surroundings before it is issued.</summary>
[Flags]
internal enum Needs
{
    None = 0,

    /// <summary>A file in <c>fd</c>, looked up when the request is started.</summary>
    File = 1,

    /// <summary>The ioprio field has a meaning; elsewhere it must be 0.</summary>
    IoPrio = 2,

    /// <summary>Buffered work on one regular file does not run against itself on workers.</summary>
    FileOrder = 4,

    /// <summary>Consecutive ones of a batch may be attempted together; any other operation is issued after them.</summary>
    Gathers = 8,

    /// <summary>May take a provided buffer (BUFFER_SELECT).</summary>
    Buffers = 16,

    /// <summary>It may wait for ever on a worker, whatever its file is.</summary>
    WaitsLong = 32,

    /// <summary>Allowed on a ring that polls its device (IOPOLL).</summary>
    Polled = 64,

    /// <summary>A worker that is to block for it waits, even if the file is set not to block.</summary>
    Insists = 128,
}

/// <summary>Which readiness ends an operation's would-block.</summary>
internal enum Ready : uint
{
    /// <summary>None: a worker runs it.</summary>
    Never = 0,
    ToRead = 1,
    ToWrite = 4,
}

/// <summary>One operation: its needs and its functions. Adding an operation adds a file in Ops/ and one of these.</summary>
internal readonly unsafe struct OpRow
{
    internal readonly Opcode Opcode;
    internal readonly Needs Needs;
    internal readonly Ready ReadyOn;

    /// <summary>Checks the SQE copy and takes from the caller what may change later: 0 or -errno. Null: not implemented.</summary>
    internal readonly delegate*<Request, int> Prepare;

    internal readonly delegate*<Request, IssueBatch, IssueMode, IssueOutcome> Issue;

    /// <summary>Frees what the operation allocated, if <see cref="Request.NeedsCleanup"/>; may be null.</summary>
    internal readonly delegate*<Request, void> Cleanup;

    internal OpRow(
        Opcode opcode, Needs needs, Ready readyOn, delegate*<Request, int> prepare,
        delegate*<Request, IssueBatch, IssueMode, IssueOutcome> issue, delegate*<Request, void> cleanup)
    {
        (Opcode, Needs, ReadyOn) = (opcode, needs, readyOn);
        Prepare = prepare;
        Issue = issue;
        Cleanup = cleanup;
    }

    /// <summary>
    /// The row of an operation that the ABI knows and this engine does not have: EOPNOTSUPP, as where it is compiled out.
    /// </summary>
    internal OpRow(Opcode opcode)
        : this(opcode, Needs.None, Ready.Never, null, null, null)
    {
    }

    internal bool IsImplemented => Prepare != null;
}
