using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed;

/// <summary>
/// io_uring in user space: the calls of the kernel's interface, answered in this process. Rings of it live in shared memory laid out as the
/// kernel's are, so that a program finds no difference but in what <see cref="SupportedFeatures"/> and the probe leave out.
/// A descriptor it hands out must be given back with <see cref="Release"/>, not with close(2), and means nothing to a forked child.
/// Thread-safe.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class ManagedEngine : IRingEngine
{
    /// <summary>What its rings report in <c>features</c>: exactly what is honoured.</summary>
    public static RingFeatures SupportedFeatures =>
        RingFeatures.SingleMmap | RingFeatures.NoDrop | RingFeatures.SubmitStable | RingFeatures.RwCurPos | RingFeatures.CurPersonality
        | RingFeatures.FastPoll | RingFeatures.Poll32Bits | RingFeatures.SqPollNonFixed | RingFeatures.ExtArg | RingFeatures.NativeWorkers
        | RingFeatures.RsrcTags | RingFeatures.CqeSkip | RingFeatures.LinkedFile | RingFeatures.RegRegRing | RingFeatures.RecvSendBundle
        | RingFeatures.MinTimeout | RingFeatures.RwAttr | RingFeatures.NoIowait;

    private const SetupFlags HonouredSetup =
        SetupFlags.SqPoll | SetupFlags.SqAff | SetupFlags.AttachWq | SetupFlags.CqSize | SetupFlags.Clamp | SetupFlags.RDisabled
        | SetupFlags.SubmitAll | SetupFlags.CoopTaskrun | SetupFlags.TaskrunFlag | SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun
        | SetupFlags.NoMmap | SetupFlags.RegisteredFdOnly | SetupFlags.NoSqArray | SetupFlags.Sqe128 | SetupFlags.Cqe32
        | SetupFlags.CqeMixed | SetupFlags.IoPoll | SetupFlags.HybridIoPoll;

    private const EnterFlags HonouredEnter =
        EnterFlags.GetEvents | EnterFlags.SqWakeup | EnterFlags.SqWait | EnterFlags.ExtArg | EnterFlags.RegisteredRing
        | EnterFlags.AbsTimer | EnterFlags.ExtArgReg | EnterFlags.NoIowait;

    private readonly ManagedEngineOptions _options;
    private readonly Caller _caller;

    /// <summary>
    /// An engine of its own; rings of several engines do not see each other's options, only the process's threads are shared.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">Not Linux on x86-64 or arm64.</exception>
    public ManagedEngine(ManagedEngineOptions? options = null)
        : this(options, SelfCaller.Instance)
    {
    }

    internal ManagedEngine(ManagedEngineOptions? options, Caller caller)
    {
        Platform.ThrowIfUnsupported();
        (_options, _caller) = (options ?? new ManagedEngineOptions(), caller);
    }

    /// <inheritdoc/>
    public string Name => "managed";

    /// <summary>Whether <paramref name="operation"/> is implemented, as the probe reports it.</summary>
    public static bool Supports(Opcode operation) => OpTable.Supports(operation);

    /// <summary>What it does with <paramref name="operation"/>, compared with Linux 6.18 and at that level.</summary>
    public static OperationSupport Describe(Opcode operation) => OpFacts.Of(operation);

    internal static SetupFlags SupportedSetup(AbiLevel level) =>
        level == AbiLevel.Newest ? HonouredSetup | SetupFlags.SqeMixed | SetupFlags.SqRewind : HonouredSetup;

    internal static EnterFlags SupportedEnter => HonouredEnter;

    /// <inheritdoc/>
    public int Setup(uint entries, nuint parameters)
    {
        var given = default(RingParams);
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<RingParams>(ref given));
        int error = _caller.CopyIn(parameters, bytes);
        if (error < 0)
            return error;
        if (given.Resv0 != 0 || given.Resv1 != 0 || given.Resv2 != 0)
            return -Errno.EINVAL;
        if (!AreCompatible(given.Flags))
            return -Errno.EINVAL;
        error = RingLayout.TryCreate(entries, given, out RingLayout layout);
        if (error < 0)
            return error;

        bool charges = _options.ChargeMemlock;
        error = MemlockCharge.TryTake(_caller, RingMemory.PagesOf(layout), !charges, out MemlockCharge charge);
        if (error < 0)
            return error;
        error = RingMemory.TryMake(_caller, layout, given, out RingMemory? memory);
        if (error < 0)
        {
            charge.GiveBack();
            return error;
        }

        // From here on the ring owns memory and charge, and closing it undoes both.
        var ring = new RingContext(layout, memory!, given, charge, _caller.CurrentTask)
        {
            ChargesMemlock = charges, Engine = this, MostHeldBack = _options.MostHeldBack, IsNewest = _options.Abi == AbiLevel.Newest,
        };
        bool isPolled = (given.Flags & SetupFlags.SqPoll) != 0;
        TaskContext task = _caller.Task(createFor: ring)!;
        ring.WorkerSettings = isPolled ? new WorkerSettings(ring, _caller) : task.Workers;
        error = Attach(ring, given);
        layout.Describe(ref given);
        given.Features = SupportedFeatures;
        if (error == 0)
            error = _caller.CopyOut(parameters, bytes);
        if (error < 0)
        {
            ring.Close();
            return error;
        }

        return Publish(ring, task);
    }

    /// <summary>
    /// Last, so that no failure leaves a descriptor behind: the descriptor, or the index in the task's table that stands for it.
    /// </summary>
    private static int Publish(RingContext ring, TaskContext task)
    {
        if ((ring.Flags & SetupFlags.RegisteredFdOnly) == 0)
        {
            int descriptor = ring.Memory.Descriptor;
            RingTable.Add(descriptor, ring);
            return descriptor;
        }

        ring.Memory.CloseDescriptor();
        int index = task.Add(ring, 0, RingLimits.MaxRegisteredRings);
        if (index < 0)
            ring.Close();
        return index;
    }

    /// <inheritdoc/>
    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset)
    {
        int error = Hold(ring, out RingContext? context);
        if (error < 0)
            return error == -Errno.EOPNOTSUPP ? -Errno.ENODEV : error;
        nint mapped = context!.Map(address, length, protection, flags, offset);
        context.DropReference();
        return mapped;
    }

    /// <inheritdoc/>
    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        if ((flags & ~HonouredEnter) != 0)
            return -Errno.EINVAL;
        int error = (flags & EnterFlags.RegisteredRing) != 0
            ? HoldRegistered(ring, out RingContext? context)
            : Hold(ring, out context);
        if (error < 0)
            return error;
        int result = context!.IsDisabled
            ? -Errno.EBADFD
            : Enter(context, toSubmit, minComplete, flags, argument, argumentSize);
        context.RefreshPollDescriptor();
        context.CancelIfClosed();
        context.DropReference();
        return result;
    }

    /// <inheritdoc/>
    public int Register(int ring, RegisterOp operation, nuint argument, uint count)
    {
        bool registered = (operation & RegisterOp.RegisterUseRegisteredRing) != 0;
        operation &= ~RegisterOp.RegisterUseRegisteredRing;
        if (!Registration.IsKnown(operation))
            return -Errno.EINVAL;
        if (ring == -1)
            return Registration.RunWithoutRing(this, _caller, operation, argument, count);
        int error = registered ? HoldRegistered(ring, out RingContext? context) : Hold(ring, out context);
        if (error < 0)
            return error;
        int result = context!.IsOwner(_caller) ? Registration.Run(context, _caller, operation, argument, count) : -Errno.EEXIST;
        context.DropReference();
        return result;
    }

    /// <inheritdoc/>
    public int Release(int ring)
    {
        RingContext? context = RingTable.Find(ring);
        if (context is null || context.Engine != this || !RingTable.Remove(ring, context))
            return -Errno.EBADF;
        context.Memory.CloseDescriptor();
        context.CloseHandle();
        return 0;
    }

    /// <summary>
    /// A descriptor that polls readable while completions of <paramref name="ring"/> are unread, or -errno. Made at the first call; the
    /// engine keeps it and closes it with the ring. (The ring's own descriptor is shared memory, which poll(2) always reports ready.)
    /// It is brought up to date by each enter, and by asking for it again.
    /// </summary>
    public int PollDescriptor(int ring)
    {
        int error = Hold(ring, out RingContext? context);
        if (error < 0)
            return error;
        int descriptor = context!.PollDescriptor();
        context.RefreshPollDescriptor();
        context.DropReference();
        return descriptor;
    }

    /// <summary>
    /// Sends <paramref name="signal"/> to <paramref name="thread"/> (0: the process's first) whenever completions of <paramref
    /// name="ring"/> are posted, as the first io_uring did with SIGIO for a ring somebody polled. Signal 0 ends it. 0 or -errno.
    /// </summary>
    public int SignalOnCompletion(int ring, int signal, int thread)
    {
        if (signal is < 0 or > 64 || thread < 0)
            return -Errno.EINVAL;
        int error = Hold(ring, out RingContext? context);
        if (error < 0)
            return error;
        context!.Events.SendSignal(signal, thread == 0 ? Environment.ProcessId : thread);
        context.DropReference();
        return 0;
    }

    /// <summary>Whether the number is an open managed ring, of whatever engine object.</summary>
    internal static bool IsRing(int descriptor) => RingTable.Find(descriptor) is not null;

    /// <summary>Whether the number is an open ring of this engine.</summary>
    internal bool Owns(int ring) => RingTable.Find(ring)?.Engine == this;

    /// <summary>What REGISTER_QUERY tells of the engine.</summary>
    internal static QueryOpcode Describe() => new()
    {
        NrRequestOpcodes = OpTable.Count,
        NrRegisterOpcodes = AbiCounts.RegisterOpsIn618,
        FeatureFlags = (ulong)SupportedFeatures,
        RingSetupFlags = (ulong)HonouredSetup,
        EnterFlags = (ulong)HonouredEnter,
        SqeFlags = (ulong)Submission.KnownFlags,
        NrQueryOpcodes = 1,
    };

    private bool AreCompatible(SetupFlags flags)
    {
        const SetupFlags BothSqeSizes = SetupFlags.Sqe128 | SetupFlags.SqeMixed;
        SetupFlags honoured = SupportedSetup(_options.Abi);
        const SetupFlags TaskrunModes = SetupFlags.CoopTaskrun | SetupFlags.DeferTaskrun;
        const SetupFlags BothCqeSizes = SetupFlags.Cqe32 | SetupFlags.CqeMixed;
        if ((flags & ~honoured) != 0 || (flags & BothSqeSizes) == BothSqeSizes || (flags & BothCqeSizes) == BothCqeSizes)
            return false;
        if ((flags & (SetupFlags.IoPoll | SetupFlags.HybridIoPoll)) == SetupFlags.HybridIoPoll)
            return false;
        if ((flags & SetupFlags.SqRewind) != 0 && (flags & (SetupFlags.NoSqArray | SetupFlags.SqPoll)) != SetupFlags.NoSqArray)
            return false;
        if ((flags & SetupFlags.SqPoll) != 0 && (flags & (TaskrunModes | SetupFlags.TaskrunFlag)) != 0)
            return false;
        if ((flags & SetupFlags.TaskrunFlag) != 0 && (flags & TaskrunModes) == 0)
            return false;
        if ((flags & (SetupFlags.RegisteredFdOnly | SetupFlags.NoMmap)) == SetupFlags.RegisteredFdOnly)
            return false;
        return (flags & SetupFlags.DeferTaskrun) == 0 || (flags & SetupFlags.SingleIssuer) != 0;
    }

    /// <summary>A reference to an open ring of this engine: 0, -EBADF or -EOPNOTSUPP.</summary>
    internal int Hold(int ring, out RingContext? context)
    {
        context = RingTable.Find(ring);
        if (context is not null && context.Engine == this && context.TryAddReference())
            return 0;
        return Libc.Fcntl(ring, Libc.F_GETFD, 0) < 0 ? -Errno.EBADF : -Errno.EOPNOTSUPP;
    }

    /// <summary>
    /// The threads that the ring works with: its own, or those of another ring (io_uring/sqpoll.c, io_sq_offload_create). 0, -ENXIO or
    /// -EINVAL for the other ring or a processor, -EAGAIN.
    /// </summary>
    private int Attach(RingContext ring, in RingParams given)
    {
        bool polls = (given.Flags & SetupFlags.SqPoll) != 0;
        if ((given.Flags & SetupFlags.AttachWq) != 0)
        {
            int error = Hold((int)given.WqFd, out RingContext? other);
            if (error < 0)
                return error == -Errno.EBADF ? -Errno.ENXIO : -Errno.EINVAL;
            SqPoll? shared = other!.SqPoll;
            if (polls && shared is not null)
                ring.WorkerSettings = other.WorkerSettings; // its workers are the thread's
            bool joined = polls && shared is not null && shared.TryJoin(ring, _caller, given.SqThreadIdle);
            other.DropReference();
            if (joined)
                return 0;
            if (polls && shared is null)
                return -Errno.EINVAL;
        }

        if (polls)
            return SqPoll.TryStart(ring, _caller, given);
        return (given.Flags & SetupFlags.SqAff) != 0 ? -Errno.EINVAL : 0;
    }

    /// <summary>
    /// A reference to the ring that a command on another ring names: 0, -EBADF, -EINVAL for a bad index or for a ring that is not this
    /// engine's, or -EOPNOTSUPP.
    /// </summary>
    internal int HoldOther(int ring, bool registered, out RingContext? context)
    {
        if (registered)
            return HoldRegistered(ring, out context);
        int error = Hold(ring, out context);
        return error == -Errno.EOPNOTSUPP && (IsRing(ring) || IsKernelRing(ring)) ? -Errno.EINVAL : error;
    }

    private static bool IsKernelRing(int descriptor) =>
        new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget == "anon_inode:[io_uring]";

    private int HoldRegistered(int index, out RingContext? context)
    {
        context = null;
        return _caller.Task(createFor: null)?.Hold((uint)index, this, out context) ?? -Errno.EINVAL;
    }

    private int Enter(RingContext ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        uint submitted = 0;
        bool interrupted = false;
        if (ring.SqPoll is { } poll)
        {
            if ((flags & EnterFlags.SqWakeup) != 0)
                poll.Wake();
            if ((flags & (EnterFlags.GetEvents | EnterFlags.SqWait)) != 0)
                poll.Help(ring, _caller, wakes: (flags & EnterFlags.SqWakeup) != 0);
            int error = (flags & EnterFlags.SqWait) != 0 ? poll.WaitForRoom(ring) : 0;
            if (error == -Errno.EBADF)
                return error;
            interrupted = error < 0; // which is for the wait below to say, if there is one
            submitted = toSubmit;
        }
        else if (toSubmit > 0)
        {
            if (!ring.IsOwner(_caller))
                return -Errno.EEXIST;
            _caller.Task(createFor: ring);
            submitted = ring.Submission.Submit(_caller, toSubmit);
            if (submitted != toSubmit)
                return (int)submitted; // fewer than asked: the completions waited for may never come
        }

        int waited = (flags & EnterFlags.GetEvents) == 0
            ? 0
            : GetEvents(ring, minComplete, flags, argument, argumentSize, interrupted);
        if (submitted > 0)
            return (int)submitted;
        if (waited == -Errno.EBADR)
            ring.Completions.ForgetLost(); // told once
        return waited;
    }

    private int GetEvents(
        RingContext ring, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize, bool interrupted)
    {
        int error = WaitArgument.TryRead(ring, _caller, flags, argument, argumentSize, interrupted, out WaitArgument wait);
        if (error < 0)
            return error;
        if ((ring.Flags & SetupFlags.DeferTaskrun) != 0 && !ring.IsOwner(_caller))
            return -Errno.EEXIST;
        ring.Progress();
        if (ring.PollsDevices && ring.InFlight == 0)
            return 0; // nothing to poll for (io_uring/io_uring.c, io_iopoll_check)
        uint count = Math.Min(minComplete, ring.Layout.CqEntries);
        return ring.Completions.Unread >= count ? 0 : ring.Waiters.Wait(count, wait);
    }
}
