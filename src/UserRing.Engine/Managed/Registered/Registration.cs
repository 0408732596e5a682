using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Ops;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// The register call: one row per command. Most run under the ring's submit lock, as the kernel's do under its own; what concerns more
/// than this ring does not.
/// </summary>
internal static class Registration
{
    private const int NotARow = -Errno.EINVAL;

    internal static bool IsKnown(RegisterOp operation) => (uint)operation < AbiCounts.RegisterOpsIn618;

    /// <summary>0, a count, or -errno.</summary>
    internal static int Run(RingContext ring, Caller caller, RegisterOp operation, nuint argument, uint count) => operation switch
    {
        _ when ring.Restrictions is { } restrictions && !restrictions.AllowsRegister(operation) => -Errno.EACCES,
        RegisterOp.RegisterRingFds => RingDescriptors.Register(ring, caller, argument, count),
        RegisterOp.RegisterSyncCancel => CancelCommand.Run(ring, caller, argument, count),
        RegisterOp.RegisterCloneBuffers => BufferTable.Clone(ring, caller, argument, count),
        RegisterOp.RegisterQuery => RingQuery.Run(caller, argument, count),
        RegisterOp.UnregisterRingFds => RingDescriptors.Unregister(caller, argument, count),
        _ => ring.Submission.Register(caller, operation, argument, count),
    };

    /// <summary>Without a ring, which the descriptor -1 stands for.</summary>
    internal static int RunWithoutRing(ManagedEngine engine, Caller caller, RegisterOp operation, nuint argument, uint count) =>
        operation switch
        {
            RegisterOp.RegisterSendMsgRing => MessageRing.Send(engine, caller, argument, count),
            RegisterOp.RegisterQuery => RingQuery.Run(caller, argument, count),
            _ => NotARow,
        };

    /// <summary>Submit lock held. Argument shapes are checked before state, state before contents.</summary>
    internal static int RunLocked(
        RingContext ring, Caller caller, RegisterOp operation, nuint argument, uint count, IssueBatch batch) => operation switch
    {
        RegisterOp.RegisterBuffers => argument == 0 ? -Errno.EFAULT : ring.Buffers.Register(caller, argument, 0, count, batch),
        RegisterOp.RegisterFiles => argument == 0 ? -Errno.EFAULT : ring.Files.Register(caller, argument, 0, count, batch),
        RegisterOp.UnregisterBuffers => argument != 0 || count != 0 ? -Errno.EINVAL : ring.Buffers.Unregister(batch),
        RegisterOp.UnregisterFiles => argument != 0 || count != 0 ? -Errno.EINVAL : ring.Files.Unregister(batch),
        RegisterOp.RegisterFilesUpdate => UpdateFiles(ring, caller, argument, count, batch),
        RegisterOp.RegisterFiles2 => Register2(ring.Files, caller, argument, count, batch),
        RegisterOp.RegisterBuffers2 => Register2(ring.Buffers, caller, argument, count, batch),
        RegisterOp.RegisterFileAllocRange => SetAllocRange(ring, caller, argument, count),
        RegisterOp.RegisterFilesUpdate2 => Update2(ring.Files, caller, argument, count, batch),
        RegisterOp.RegisterBuffersUpdate => Update2(ring.Buffers, caller, argument, count, batch),
        RegisterOp.RegisterEventFd => RegisterEventFd(ring, caller, argument, count, asyncOnly: false),
        RegisterOp.RegisterEventFdAsync => RegisterEventFd(ring, caller, argument, count, asyncOnly: true),
        RegisterOp.UnregisterEventFd => argument != 0 || count != 0 ? -Errno.EINVAL : ring.Events.Unregister(),
        RegisterOp.RegisterProbe => Probe(ring, caller, argument, count),
        RegisterOp.RegisterPbufRing => RegisterBufferRing(ring, caller, argument, count),
        RegisterOp.UnregisterPbufRing => UnregisterBufferRing(ring, caller, argument, count),
        RegisterOp.RegisterPbufStatus => GetBufferRingStatus(ring, caller, argument, count),
        RegisterOp.RegisterPersonality => argument != 0 || count != 0 ? -Errno.EINVAL : ring.Personalities.Register(caller),
        RegisterOp.UnregisterPersonality => argument != 0 ? -Errno.EINVAL : ring.Personalities.Unregister(count),
        RegisterOp.RegisterIoWqAff => WorkerCommands.SetAffinity(ring, caller, argument, count),
        RegisterOp.UnregisterIoWqAff => argument != 0 || count != 0 ? -Errno.EINVAL : WorkerCommands.ResetAffinity(ring, caller),
        RegisterOp.RegisterIoWqMaxWorkers => WorkerCommands.SetLimits(ring, caller, argument, count),
        RegisterOp.RegisterResizeRings => RingResize.Run(ring, caller, argument, count),
        RegisterOp.RegisterNapi => ring.BusyPolling.Register(caller, argument, count),
        RegisterOp.UnregisterNapi => ring.BusyPolling.Unregister(caller, argument, count),
        RegisterOp.RegisterZcrxIfq => ring.BusyPolling.RegisterQueue(caller, argument, count),
        RegisterOp.RegisterClock => SetClock(ring, caller, argument, count),
        RegisterOp.RegisterMemRegion => ring.Region.Register(caller, argument, count),
        RegisterOp.RegisterRestrictions => ring.Restrict(caller, argument, count),
        RegisterOp.RegisterEnableRings => argument != 0 || count != 0 ? -Errno.EINVAL : ring.Enable(caller),
        _ => NotARow, // as a kernel that does not know the command
    };

    private static int UpdateFiles(RingContext ring, Caller caller, nuint argument, uint count, IssueBatch batch)
    {
        if (count == 0)
            return -Errno.EINVAL;
        int error = caller.Read(argument, out RsrcUpdate update);
        if (error < 0)
            return error;
        return update.Resv != 0 ? -Errno.EINVAL : ring.Files.Update(caller, update.Offset, (nuint)update.Data, 0, count, batch);
    }

    private static int Register2<TSource, TResource>(
        ResourceTable<TSource, TResource> table, Caller caller, nuint argument, uint size, IssueBatch batch)
        where TSource : unmanaged
        where TResource : RegisteredResource
    {
        if (size != Unsafe.SizeOf<RsrcRegister>())
            return -Errno.EINVAL;
        int error = caller.Read(argument, out RsrcRegister register);
        if (error < 0)
            return error;
        bool sparse = (register.Flags & RsrcRegisterFlags.Sparse) != 0;
        if (register.Nr == 0 || register.Resv2 != 0 || (register.Flags & ~RsrcRegisterFlags.Sparse) != 0 || sparse && register.Data != 0)
            return -Errno.EINVAL;
        return table.Register(caller, (nuint)register.Data, (nuint)register.Tags, register.Nr, batch);
    }

    private static int Update2<TSource, TResource>(
        ResourceTable<TSource, TResource> table, Caller caller, nuint argument, uint size, IssueBatch batch)
        where TSource : unmanaged
        where TResource : RegisteredResource
    {
        if (size != Unsafe.SizeOf<RsrcUpdate2>())
            return -Errno.EINVAL;
        int error = caller.Read(argument, out RsrcUpdate2 update);
        if (error < 0)
            return error;
        return update.Nr == 0 || update.Resv != 0 || update.Resv2 != 0
            ? -Errno.EINVAL
            : table.Update(caller, update.Offset, (nuint)update.Data, (nuint)update.Tags, update.Nr, batch);
    }

    private static int SetAllocRange(RingContext ring, Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count != 0)
            return -Errno.EINVAL;
        int error = caller.Read(argument, out FileIndexRange range);
        return error < 0 ? error : ring.Files.SetAllocRange(range);
    }

    private static int SetClock(RingContext ring, Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count != 0)
            return -Errno.EINVAL;
        int error = caller.Read(argument, out ClockRegister asked);
        if (error < 0)
            return error;
        if (asked.Resv0 != 0 || asked.Resv1 != 0 || asked.Resv2 != 0 || asked.ClockId is not (Libc.CLOCK_MONOTONIC or Libc.CLOCK_BOOTTIME))
            return -Errno.EINVAL;
        ring.WaitClock = (int)asked.ClockId;
        return 0;
    }

    private static int RegisterBufferRing(RingContext ring, Caller caller, nuint argument, uint count)
    {
        int error = caller.ReadOne(argument, count, out BufReg registration);
        return error < 0 ? error : ring.BufferGroups.RegisterRing(caller, registration);
    }

    private static int UnregisterBufferRing(RingContext ring, Caller caller, nuint argument, uint count)
    {
        int error = caller.ReadOne(argument, count, out BufReg registration);
        return error < 0 ? error : ring.BufferGroups.UnregisterRing(registration);
    }

    private static int GetBufferRingStatus(RingContext ring, Caller caller, nuint argument, uint count)
    {
        int error = caller.ReadOne(argument, count, out BufStatus status);
        if (error == 0)
            error = ring.BufferGroups.GetStatus(ref status);
        return error < 0 ? error : caller.Write(argument, status);
    }

    private static int RegisterEventFd(RingContext ring, Caller caller, nuint argument, uint count, bool asyncOnly)
    {
        if (count != 1)
            return -Errno.EINVAL;
        if (ring.Events.IsRegistered)
            return -Errno.EBUSY;
        int error = caller.Read(argument, out int descriptor);
        return error < 0 ? error : ring.Events.Register(caller, descriptor, asyncOnly);
    }

    private static int Probe(RingContext ring, Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count > RingLimits.MaxProbeOps)
            return -Errno.EINVAL;
        var bytes = new byte[Abi.Probe.OpsOffset + (int)count * Unsafe.SizeOf<ProbeOp>()];
        int error = caller.CopyIn(argument, bytes);
        if (error < 0)
            return error;
        if (bytes.AsSpan().ContainsAnyExcept((byte)0))
            return -Errno.EINVAL;

        int listed = Math.Min((int)count, ring.Opcodes);
        MemoryMarshal.Write(bytes, new Probe { LastOp = (Opcode)(ring.Opcodes - 1), OpsLen = (byte)listed });
        Span<ProbeOp> operations = MemoryMarshal.Cast<byte, ProbeOp>(bytes.AsSpan(Abi.Probe.OpsOffset));
        for (int number = 0; number < listed; number++)
        {
            operations[number].Op = (Opcode)number;
            operations[number].Flags = OpTable.Supports((Opcode)number) ? ProbeOpFlags.Supported : 0;
        }

        return caller.CopyOut(argument, bytes);
    }
}
