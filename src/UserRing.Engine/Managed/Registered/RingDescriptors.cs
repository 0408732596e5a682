using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// RING_FDS and its counterpart: rings that the calling task names by index instead of descriptor. They concern the task, not the ring they
/// are called on, and run without its submit lock: taking a ring's last handle away takes that ring's.
/// </summary>
internal static class RingDescriptors
{
    private const uint AnyIndex = uint.MaxValue;

    /// <summary>How many were registered before the first error, or that error if there were none.</summary>
    internal static int Register(RingContext ring, Caller caller, nuint argument, uint count)
    {
        if (count is 0 or > RingLimits.MaxRegisteredRings)
            return -Errno.EINVAL;
        TaskContext task = caller.Task(createFor: ring)!;
        for (uint done = 0; done < count; done++)
        {
            int error = RegisterOne(ring.Engine, task, caller, At(argument, done));
            if (error < 0)
                return done > 0 ? (int)done : error;
        }

        return (int)count;
    }

    /// <summary>An empty index counts as done.</summary>
    internal static int Unregister(Caller caller, nuint argument, uint count)
    {
        if (count is 0 or > RingLimits.MaxRegisteredRings)
            return -Errno.EINVAL;
        if (caller.Task(createFor: null) is not { } task)
            return 0;
        for (uint done = 0; done < count; done++)
        {
            int error = Read(caller, At(argument, done), out RsrcUpdate update);
            if (error == 0 && (update.Resv != 0 || update.Data != 0 || update.Offset >= RingLimits.MaxRegisteredRings))
                error = -Errno.EINVAL;
            if (error < 0)
                return done > 0 ? (int)done : error;
            task.Remove((int)update.Offset);
        }

        return (int)count;
    }

    private static int RegisterOne(ManagedEngine engine, TaskContext task, Caller caller, nuint argument)
    {
        int error = Read(caller, argument, out RsrcUpdate update);
        if (error < 0)
            return error;
        if (update.Resv != 0 || update.Offset is >= RingLimits.MaxRegisteredRings and not AnyIndex)
            return -Errno.EINVAL;
        error = engine.Hold((int)update.Data, out RingContext? ring);
        if (error < 0)
            return error;
        bool opened = ring!.TryOpenHandle();
        ring.DropReference();
        if (!opened)
            return -Errno.EBADF; // released by another thread meanwhile

        (int start, int end) = update.Offset == AnyIndex
            ? (0, RingLimits.MaxRegisteredRings)
            : ((int)update.Offset, (int)update.Offset + 1);
        int index = task.Add(ring, start, end);
        if (index < 0)
        {
            ring.CloseHandle();
            return index;
        }

        update.Offset = (uint)index;
        error = caller.CopyOut(argument, MemoryMarshal.AsBytes(new ReadOnlySpan<RsrcUpdate>(in update)));
        if (error < 0)
            task.Remove(index);
        return error;
    }

    private static nuint At(nuint array, uint index) => array + (nuint)index * (nuint)Unsafe.SizeOf<RsrcUpdate>();

    private static int Read(Caller caller, nuint address, out RsrcUpdate update)
    {
        update = default;
        return caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<RsrcUpdate>(ref update)));
    }
}
