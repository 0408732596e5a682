using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// RESIZE_RINGS: other sizes for a ring that is in use; only where all completions are posted on its owner's behalf (DEFER_TASKRUN), who
/// is the one that asks (io_uring/register.c, io_register_resize_rings). The program maps the new areas; the old ones stay as they are.
/// </summary>
internal static class RingResize
{
    private const SetupFlags Known = SetupFlags.CqSize | SetupFlags.Clamp;

    private const SetupFlags Inherited =
        SetupFlags.NoSqArray | SetupFlags.Sqe128 | SetupFlags.Cqe32 | SetupFlags.NoMmap | SetupFlags.CqeMixed | SetupFlags.SqeMixed;

    /// <summary>Submit lock held.</summary>
    internal static int Run(RingContext ring, Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count != 1 || (ring.Flags & SetupFlags.DeferTaskrun) == 0)
            return -Errno.EINVAL;
        int error = caller.Read(argument, out RingParams asked);
        if (error < 0)
            return error;
        if ((asked.Flags & ~Known) != 0)
            return -Errno.EINVAL;
        asked.Flags |= ring.Flags & Inherited;
        error = RingLayout.TryCreate(asked.SqEntries, asked, out RingLayout layout);
        if (error < 0)
            return error;
        error = MemlockCharge.TryTake(caller, RingMemory.PagesOf(layout), !ring.ChargesMemlock, out MemlockCharge charge);
        if (error < 0)
            return error;

        error = RingMemory.TryMake(caller, layout, asked, out RingMemory? memory);
        if (error == 0)
        {
            layout.Describe(ref asked);
            asked.SqOff.Array = 0; // which Linux forgets to tell
            error = caller.Write(argument, asked);
            if (error == 0)
                return ring.Resize(memory!, layout, charge);
            memory!.Free();
        }

        charge.GiveBack();
        return error;
    }
}
