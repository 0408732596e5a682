using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Kernel;
using UserRing.Engine.Managed;

namespace UserRing;

/// <summary>
/// One io_uring: get an SQE, prepare it, submit a batch, wait, reap completions. Thin (it adds nothing that liburing does not do) and
/// without allocation from SQE to CQE. Needs Linux 5.1 on the kernel engine, 5.11 for waits with a timeout.
/// </summary>
/// <remarks>
/// <para>One thread at a time; <see cref="Dispose"/> from any thread, at any moment. Members throw <see cref="ObjectDisposedException"/>
/// afterwards, and so does a wait that was going on.</para>
/// <para>Memory and descriptors that an SQE names must stay as they are until its completion was reaped, because the engine uses them
/// behind the program's back; <see cref="Read"/>, <see cref="Write"/> and <see cref="Fsync"/> see to that themselves.
/// Keep the ring reachable as long as you write to an SQE.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed partial class Ring : IDisposable
{
    private const SetupFlags Unserved = SetupFlags.Sqe128 | SetupFlags.Cqe32 | SetupFlags.CqeMixed | SetupFlags.SqeMixed
        | SetupFlags.NoMmap | SetupFlags.RegisteredFdOnly | SetupFlags.SqRewind;

    private readonly RingMapping _mapping;
    private readonly IRingEngine _engine;
    private readonly RingPointers _shared;
    private readonly int _descriptor;
    private readonly bool _isSqPoll, _isIoPoll, _hasExtArg, _wakesByItself;

    // Ours alone; the shared copies are output only. Seen: the other side's index as it was read last, so that a line which the engine
    // keeps writing is not fetched for every entry.
    private uint _sqTail, _sqPublished, _sqHeadSeen;
    private uint _cqHead, _cqTailSeen;

    /// <summary>Makes a ring.</summary>
    /// <param name="entries">Submission queue entries, 1 to 32768; rounded up to a power of two.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="RingException">The engine refused; the message names the likely cause.</exception>
    /// <exception cref="ArgumentException">A flag that <see cref="Ring"/> does not serve.</exception>
    /// <exception cref="InvalidOperationException">The environment variable URING_ENGINE has an unknown value.</exception>
    /// <exception cref="PlatformNotSupportedException">Not Linux on x86-64 or arm64.</exception>
    public Ring(uint entries, RingOptions? options = null)
    {
        options ??= new RingOptions();
        if ((options.Flags & Unserved) != 0)
            throw new ArgumentException($"Ring does not serve the setup flags {options.Flags & Unserved}.", nameof(options));
        IRingEngine engine = options.Engine;
        if (engine is AutoEngine auto && options.Requires is { } requires)
            engine = auto.With(requires);

        RingParams parameters = new() { Flags = options.Flags, CqEntries = options.CqEntries, SqThreadIdle = options.SqThreadIdleMs };
        if (options.CqEntries != 0)
            parameters.Flags |= SetupFlags.CqSize;
        int result = RingMapping.TryCreate(engine, entries, ref parameters, out RingMapping? mapping);
        if (result < 0)
            throw RingException.OfSetup(engine, result, entries, parameters);

        _mapping = mapping!;
        _engine = _mapping.Engine;
        _descriptor = _mapping.Descriptor;
        try
        {
            _shared = new RingPointers(_mapping);
            RingPointers.FillArray(_mapping);
            _wakesByItself = !CanBeWoken();
        }
        catch
        {
            _mapping.Dispose();
            throw;
        }

        Features = parameters.Features;
        SqEntries = parameters.SqEntries;
        CqEntries = parameters.CqEntries;
        _isSqPoll = (parameters.Flags & SetupFlags.SqPoll) != 0;
        _isIoPoll = (parameters.Flags & SetupFlags.IoPoll) != 0;
        _hasExtArg = (Features & RingFeatures.ExtArg) != 0;
        _lastUser = Environment.CurrentManagedThreadId;
    }

    /// <summary>The engine that serves the ring: after Auto, the one it chose.</summary>
    public IRingEngine Engine => _engine;

    /// <summary>Why Auto did not choose the kernel; null if it did or was not asked.</summary>
    public FallbackReason? FallbackReason => _mapping.FallbackReason;

    /// <summary>What the engine reports it can do.</summary>
    public RingFeatures Features { get; }

    /// <summary>Submission queue entries, a power of two.</summary>
    public uint SqEntries { get; }

    /// <summary>Completion queue entries, a power of two.</summary>
    public uint CqEntries { get; }

    /// <summary>The ring's descriptor. Owned by the ring: do not close it.</summary>
    public int Descriptor => _descriptor;

    /// <summary>How many SQEs can be got before the submission queue is full.</summary>
    public uint SqSpaceLeft
    {
        get
        {
            ThrowIfDisposed();
            return SqEntries - (_sqTail - StillLive(_shared.SqHead));
        }
    }

    /// <summary>SQEs the engine skipped because their index was out of range; 0 unless somebody else wrote to ring memory.</summary>
    public uint Dropped
    {
        get
        {
            ThrowIfDisposed();
            return StillLive(_shared.SqDropped);
        }
    }

    /// <summary>
    /// The next SQE, to be filled in by a method of <see cref="SqePreparation"/>. It goes to the engine with the next submit; until then
    /// it may be changed. Its content is what its last user left there. With a polling thread (SQPOLL) room comes back when that
    /// thread has taken an SQE, which may be after its completion was seen: look at <see cref="SqSpaceLeft"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The submission queue is full: submit first.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref Sqe GetSqe()
    {
        if (!HasSqRoom())
            ThrowSqFull();
        return ref NextSqe();
    }

    /// <summary>The next SQE, or false if the submission queue is full.</summary>
    /// <param name="sqe">As <see cref="GetSqe"/>.</param>
    public bool TryGetSqe(out SqeReference sqe)
    {
        if (!HasSqRoom())
        {
            sqe = default;
            return false;
        }

        sqe = new SqeReference(ref NextSqe());
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasSqRoom()
    {
        ThrowIfDisposed();
        return _sqTail - _sqHeadSeen < SqEntries || LookForSqRoom();
    }

    /// <summary>There is room, as was just found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Sqe NextSqe() => ref _shared.SqeAt(_sqTail++);

    private bool LookForSqRoom()
    {
        _lastUser = Environment.CurrentManagedThreadId;
        _sqHeadSeen = StillLive(_shared.SqHead);
        return _sqTail - _sqHeadSeen < SqEntries;
    }

    [DoesNotReturn]
    private void ThrowSqFull() =>
        throw new InvalidOperationException($"The submission queue is full ({SqEntries} entries): submit, then get the next SQE.");

    /// <summary>
    /// Whether another thread can end a wait on this ring: the managed engine's waiters leave when the ring is released, the kernel's when
    /// a message is posted to the ring (MSG_RING, Linux 5.18).
    /// </summary>
    private bool CanBeWoken()
    {
        if (_engine is ManagedEngine)
            return true;
        if (_engine is KernelEngine)
            return KernelProbe.Supports(_descriptor, Opcode.MsgRing);
        return RingProbe.TryRead(_engine, _descriptor, out RingProbe? probe) == 0 && probe!.Supports(Opcode.MsgRing);
    }
}
