using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>SETXATTR, as setxattr(2): completes with 0. Linux 5.19.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="path">Address of a path that ends with a 0 byte. Like name and value it may go once it is submitted.</param>
    /// <param name="name">Address of the attribute's name with its namespace, ending with a 0 byte.</param>
    /// <param name="value">Address of the value.</param>
    /// <param name="size">Its size in bytes, 65536 at most.</param>
    /// <param name="flags">XATTR_CREATE, XATTR_REPLACE.</param>
    public static ref Sqe PrepareSetxattr(this ref Sqe sqe, nuint path, nuint name, nuint value, uint size, uint flags = 0)
    {
        Prepare(ref sqe, Opcode.Setxattr, 0, name, size, value).XattrFlags = flags;
        sqe.Addr3 = path;
        return ref sqe;
    }

    /// <summary>FSETXATTR, as fsetxattr(2): completes with 0. Linux 5.19.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="name">Address of the attribute's name, ending with a 0 byte. Like the value it may go once it is submitted.</param>
    /// <param name="value">Address of the value.</param>
    /// <param name="size">Its size in bytes, 65536 at most.</param>
    /// <param name="flags">XATTR_CREATE, XATTR_REPLACE.</param>
    public static ref Sqe PrepareFsetxattr(this ref Sqe sqe, int fd, nuint name, nuint value, uint size, uint flags = 0)
    {
        Prepare(ref sqe, Opcode.Fsetxattr, fd, name, size, value).XattrFlags = flags;
        return ref sqe;
    }

    /// <summary>GETXATTR, as getxattr(2): completes with the size of the value. Linux 5.19.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="path">Address of a path that ends with a 0 byte. Like the name it may go once it is submitted.</param>
    /// <param name="name">Address of the attribute's name with its namespace, ending with a 0 byte.</param>
    /// <param name="value">Where to put the value by the completion: memory that does not move until then.</param>
    /// <param name="size">How many bytes there is room for (-ERANGE if too few); 0 only asks for the size.</param>
    public static ref Sqe PrepareGetxattr(this ref Sqe sqe, nuint path, nuint name, nuint value, uint size)
    {
        Prepare(ref sqe, Opcode.Getxattr, 0, name, size, value).Addr3 = path;
        return ref sqe;
    }

    /// <summary>FGETXATTR, as fgetxattr(2): completes with the size of the value. Linux 5.19.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="name">Address of the attribute's name, ending with a 0 byte; may go once it is submitted.</param>
    /// <param name="value">Where to put the value by the completion: memory that does not move until then.</param>
    /// <param name="size">How many bytes there is room for (-ERANGE if too few); 0 only asks for the size.</param>
    public static ref Sqe PrepareFgetxattr(this ref Sqe sqe, int fd, nuint name, nuint value, uint size) =>
        ref Prepare(ref sqe, Opcode.Fgetxattr, fd, name, size, value);
}
