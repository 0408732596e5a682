using UserRing.Abi;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>A mistake with an SQE, as an engine could make it.</summary>
internal delegate void Slip(ref Sqe sqe);

/// <summary>Makes the SQE that a shape describes, with the tables and the memory it points to, in a world.</summary>
internal sealed class SqeMaker(World world, Slip? slip)
{
    /// <summary>Time of what is to pass while a program runs, and of what is not.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromMicroseconds(700), Long = TimeSpan.FromHours(1);

    private const int TableBytes = 64;

    /// <summary>user_data of a request by its number in the program.</summary>
    public static ulong UserDataOf(int number) => (ulong)number + 1;

    public Sqe Make(RequestShape shape, int number)
    {
        Sqe sqe = shape.Kind switch
        {
            Kind.Nop => Nop(shape),
            Kind.ReadStream or Kind.WriteStream or Kind.ReadFile or Kind.WriteFile => Transfer(shape, number),
            Kind.Fsync => new Sqe { Opcode = Opcode.Fsync, Fd = File(shape), FsyncFlags = (FsyncFlags)shape.Extra },
            Kind.Poll => new Sqe { Opcode = Opcode.PollAdd, Fd = File(shape), Poll32Events = (uint)shape.Extra, Len = (uint)shape.Count },
            Kind.Timeout => Timeout(shape, number, Opcode.Timeout),
            Kind.LinkTimeout => Timeout(shape, number, Opcode.LinkTimeout),
            _ => Cancel(shape, number),
        };
        sqe.Flags = shape.Flags;
        sqe.UserData = UserDataOf(number);
        Spoil(ref sqe, shape);
        slip?.Invoke(ref sqe);
        return sqe;
    }

    private static Sqe Nop(RequestShape shape) => new()
    {
        Opcode = Opcode.Nop, NopFlags = shape.Extra != 0 ? NopFlags.InjectResult : 0, Len = (uint)shape.Extra,
    };

    private Sqe Transfer(RequestShape shape, int number)
    {
        bool write = shape.Kind is Kind.WriteStream or Kind.WriteFile;
        nuint data = world.Memory.At(number * World.SlotBytes);
        var sqe = new Sqe
        {
            Opcode = (shape.Form, write) switch
            {
                (Form.Plain, false) => Opcode.Read,
                (Form.Plain, true) => Opcode.Write,
                (Form.Vectored, false) => Opcode.Readv,
                (Form.Vectored, true) => Opcode.Writev,
                (Form.Fixed, false) => Opcode.ReadFixed,
                (Form.Fixed, true) => Opcode.WriteFixed,
                (_, false) => Opcode.ReadvFixed,
                (_, true) => Opcode.WritevFixed,
            },
            Fd = File(shape), Off = (ulong)shape.Offset, Addr = data, Len = (uint)shape.Length, RwFlags = (uint)shape.Extra,
        };
        if (shape.Form is Form.Plain or Form.Fixed)
            return sqe;
        int first = shape.Length / 2;
        sqe.Addr = world.Tables.Put(
            number * TableBytes,
            new IoVec { Base = data, Len = (nuint)first },
            new IoVec { Base = data + (nuint)first, Len = (nuint)(shape.Length - first) });
        sqe.Len = 2;
        return sqe;
    }

    private Sqe Timeout(RequestShape shape, int number, Opcode opcode) => new()
    {
        Opcode = opcode, Addr = world.Tables.PutTime(number * TableBytes, shape.IsShort ? Short : Long), Len = 1, Off = (ulong)shape.Count,
        TimeoutFlags = (TimeoutFlags)shape.Extra,
    };

    private Sqe Cancel(RequestShape shape, int number)
    {
        var flags = (CancelFlags)shape.Extra;
        return new Sqe
        {
            Opcode = Opcode.AsyncCancel,
            CancelFlags = flags,
            Fd = (flags & CancelFlags.Fd) != 0 ? File(shape) : -1,
            Addr = UserDataOf(number - shape.Count),
            Len = (uint)shape.Length,
        };
    }

    private int File(RequestShape shape)
    {
        bool isFile = shape.Kind is Kind.ReadFile or Kind.WriteFile or Kind.Fsync;
        bool writes = shape.WritesStream;
        if (shape.Is(SqeFlags.FixedFile))
            return isFile ? shape.Target : World.SlotOf(shape.Target, writes);
        return isFile ? world.FileNumber(shape.Target) : writes ? world[shape.Target].Writes : world[shape.Target].Reads;
    }

    private static void Spoil(ref Sqe sqe, RequestShape shape)
    {
        switch (shape.Flaw)
        {
            case Flaw.UnknownOpcode:
                sqe.Opcode = (Opcode)200;
                break;
            case Flaw.UnknownFlag:
                sqe.Flags |= (SqeFlags)0x80;
                break;
            case Flaw.SelectsBuffer:
                sqe.Flags |= SqeFlags.BufferSelect;
                break;
            case Flaw.Priority:
                sqe.IoPrio = 0xffff;
                break;
            case Flaw.Personality:
                sqe.Personality = 7;
                break;
            case Flaw.BadAddress:
                sqe.Addr = TestMemory.Bad;
                break;
            case Flaw.NullAddress:
                sqe.Addr = 0;
                break;
            case Flaw.ClosedFile:
                sqe.Fd = TestDescriptor.Closed;
                break;
            case Flaw.NoSuchFile:
                sqe.Fd = -1;
                break;
            case Flaw.BufferIndex:
                sqe.BufIndex = 3;
                break;
            case Flaw.SpliceIn:
                sqe.SpliceFdIn = 5;
                break;
            case Flaw.RwFlags:
                sqe.RwFlags |= 1u << 30;
                break;
            case Flaw.Attributes:
                sqe.AttrTypeMask = (RwAttrFlags)2;
                break;
            case Flaw.Length:
                sqe.Len = 1025;
                break;
            case Flaw.Offset:
                sqe.Off = 1UL << 63;
                break;
        }
    }
}
