using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing;

public sealed unsafe partial class Ring
{
    /// <summary>
    /// Registers buffers for READ_FIXED and its like, replacing none. They are known by their index here.
    /// </summary>
    /// <param name="buffers">
    /// Each an address and a length of at most 1 GiB. The memory must stay where it is until it is unregistered and the requests
    /// that use it are done: native memory, or arrays from the pinned heap. The kernel locks it (RLIMIT_MEMLOCK).
    /// </param>
    /// <exception cref="RingException">Refused: EBUSY if some are registered, EFAULT, ENOMEM.</exception>
    public void RegisterBuffers(ReadOnlySpan<IoVec> buffers)
    {
        fixed (IoVec* first = buffers)
            Demand(RegisterOp.RegisterBuffers, (nuint)first, (uint)buffers.Length);
    }

    /// <summary>Registers that many empty slots, to be filled by <see cref="UpdateBuffers"/>. Linux 5.19.</summary>
    /// <param name="count">Slots, 16384 at most.</param>
    /// <exception cref="RingException">Refused: EBUSY if some are registered, EINVAL.</exception>
    public void RegisterSparseBuffers(uint count)
    {
        RsrcRegister table = new() { Nr = count, Flags = RsrcRegisterFlags.Sparse };
        Demand(RegisterOp.RegisterBuffers2, (nuint)(&table), (uint)sizeof(RsrcRegister));
    }

    /// <summary>Replaces registered buffers; requests in flight keep the old ones. Linux 5.13.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="buffers">The new ones; an address of 0 with length 0 empties a slot.</param>
    /// <returns>How many were replaced; the first that could not be ends it.</returns>
    /// <exception cref="RingException">Refused, none was replaced.</exception>
    public int UpdateBuffers(uint first, ReadOnlySpan<IoVec> buffers)
    {
        fixed (IoVec* data = buffers)
        {
            RsrcUpdate2 update = new() { Offset = first, Data = (ulong)data, Nr = (uint)buffers.Length };
            return Demand(RegisterOp.RegisterBuffersUpdate, (nuint)(&update), (uint)sizeof(RsrcUpdate2));
        }
    }

    /// <summary>Forgets the registered buffers. Requests in flight keep theirs until they complete.</summary>
    /// <exception cref="RingException">Refused: ENXIO if none are registered.</exception>
    public void UnregisterBuffers() => Demand(RegisterOp.UnregisterBuffers, 0, 0);

    /// <summary>Registers files, to be named by their index here with <see cref="SqeFlags.FixedFile"/>. The ring keeps them open.</summary>
    /// <param name="descriptors">Descriptors; -1 leaves a slot empty. They may be closed afterwards.</param>
    /// <exception cref="RingException">Refused: EBUSY if some are registered, EBADF, EMFILE.</exception>
    public void RegisterFiles(ReadOnlySpan<int> descriptors)
    {
        fixed (int* first = descriptors)
            Demand(RegisterOp.RegisterFiles, (nuint)first, (uint)descriptors.Length);
    }

    /// <summary>Registers files by their handles, see <see cref="RegisterFiles(ReadOnlySpan{int})"/>.</summary>
    /// <param name="files">Open handles; they may be closed afterwards.</param>
    /// <exception cref="RingException">Refused: EBUSY if some are registered, EMFILE.</exception>
    /// <exception cref="ObjectDisposedException">The ring or a handle is closed.</exception>
    public void RegisterFiles(ReadOnlySpan<SafeHandle> files)
    {
        int[] descriptors = new int[files.Length];
        int referenced = 0;
        try
        {
            for (; referenced < files.Length; referenced++)
            {
                bool added = false;
                files[referenced].DangerousAddRef(ref added);
                descriptors[referenced] = (int)files[referenced].DangerousGetHandle();
            }

            RegisterFiles(descriptors);
        }
        finally
        {
            while (referenced > 0)
                files[--referenced].DangerousRelease();
        }
    }

    /// <summary>Registers that many empty slots, to be filled by <see cref="UpdateFiles"/>. Linux 5.19.</summary>
    /// <param name="count">Slots, as many as RLIMIT_NOFILE at most.</param>
    /// <exception cref="RingException">Refused: EBUSY if some are registered, EMFILE.</exception>
    public void RegisterSparseFiles(uint count)
    {
        RsrcRegister table = new() { Nr = count, Flags = RsrcRegisterFlags.Sparse };
        Demand(RegisterOp.RegisterFiles2, (nuint)(&table), (uint)sizeof(RsrcRegister));
    }

    /// <summary>Replaces registered files; requests in flight keep the old ones. Linux 5.5.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="descriptors">The new ones; -1 empties a slot, -2 leaves it.</param>
    /// <returns>How many were replaced; the first that could not be ends it, its slot emptied.</returns>
    /// <exception cref="RingException">Refused, none was replaced.</exception>
    public int UpdateFiles(uint first, ReadOnlySpan<int> descriptors)
    {
        fixed (int* data = descriptors)
        {
            FilesUpdate update = new() { Offset = first, Fds = (ulong)data };
            return Demand(RegisterOp.RegisterFilesUpdate, (nuint)(&update), (uint)descriptors.Length);
        }
    }

    /// <summary>Forgets the registered files. Requests in flight keep theirs until they complete.</summary>
    /// <exception cref="RingException">Refused: ENXIO if none are registered.</exception>
    public void UnregisterFiles() => Demand(RegisterOp.UnregisterFiles, 0, 0);

    /// <summary>Has an eventfd raised with every completion. The ring keeps it open.</summary>
    /// <param name="eventFd">An eventfd(2).</param>
    /// <exception cref="RingException">Refused: EBUSY if one is registered, EINVAL if it is something else.</exception>
    /// <exception cref="ObjectDisposedException">The ring or the handle is closed.</exception>
    public void RegisterEventFd(SafeHandle eventFd)
    {
        ArgumentNullException.ThrowIfNull(eventFd);
        bool added = false;
        try
        {
            eventFd.DangerousAddRef(ref added);
            int descriptor = (int)eventFd.DangerousGetHandle();
            Demand(RegisterOp.RegisterEventFd, (nuint)(&descriptor), 1);
        }
        finally
        {
            if (added)
                eventFd.DangerousRelease();
        }
    }

    /// <summary>Forgets the eventfd.</summary>
    /// <exception cref="RingException">Refused: ENXIO if none is registered.</exception>
    public void UnregisterEventFd() => Demand(RegisterOp.UnregisterEventFd, 0, 0);

    /// <summary>Asks the engine which operations it can do. Linux 5.6.</summary>
    /// <exception cref="RingException">The engine cannot tell.</exception>
    public RingProbe Probe()
    {
        BeginCall(0);
        int result = RingProbe.TryRead(_engine, _descriptor, out RingProbe? probe);
        EndCall();
        return probe ?? throw RingException.OfCall("io_uring_register (RegisterProbe)", result);
    }

    /// <summary>Starts a ring made with <see cref="SetupFlags.RDisabled"/>; the calling thread becomes its single issuer.</summary>
    /// <exception cref="RingException">Refused: EBADFD if it is enabled already.</exception>
    public void Enable() => Demand(RegisterOp.RegisterEnableRings, 0, 0);

    /// <summary>io_uring_register(2) as it is, for what has no method here.</summary>
    /// <param name="operation">What to register.</param>
    /// <param name="argument">As <paramref name="operation"/> wants it.</param>
    /// <param name="count">As <paramref name="operation"/> wants it.</param>
    /// <returns>What the operation answers, or a negative errno. Nothing is thrown but <see cref="ObjectDisposedException"/>.</returns>
    public int Register(RegisterOp operation, nuint argument, uint count)
    {
        BeginCall(0);
        int result = _engine.Register(_descriptor, operation, argument, count);
        EndCall();
        return result;
    }

    private int Demand(RegisterOp operation, nuint argument, uint count)
    {
        int result = Register(operation, argument, count);
        return result >= 0 ? result : throw RingException.OfCall($"io_uring_register ({operation})", result);
    }
}
