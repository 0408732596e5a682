using System.Runtime.CompilerServices;
using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>
/// What cases use without a name before it: SQEs that are good as they are (a case changes what is to be wrong), and answers.
/// </summary>
internal static partial class Sqes
{
    private const int MostWords = 60;

    /// <summary>The value of rows that say "1=yes".</summary>
    public static long Yes(bool condition) => condition ? 1 : 0;

    /// <summary>A step before what the case is about: ends the case if it fails. The answer.</summary>
    public static int Ok(int answer, [CallerArgumentExpression(nameof(answer))] string call = "")
    {
        Assert.True(answer >= 0, $"{(call.Length > MostWords ? call[..MostWords] + "..." : call)}: {Errno.Name(answer)}");
        return answer;
    }

    /// <summary>An opcode that no kernel has.</summary>
    public static Sqe Unknown => new() { Opcode = (Opcode)255 };

    public static Sqe Nop => new() { Opcode = Opcode.Nop };

    public static Sqe Read(int fd, nuint address, uint length, ulong offset = 0) =>
        new() { Opcode = Opcode.Read, Fd = fd, Addr = address, Len = length, Off = offset };

    public static Sqe Write(int fd, nuint address, uint length, ulong offset = 0) =>
        new() { Opcode = Opcode.Write, Fd = fd, Addr = address, Len = length, Off = offset };

    public static Sqe Fsync(int fd) => new() { Opcode = Opcode.Fsync, Fd = fd };

    public static Sqe Readv(int fd, nuint vector, uint count = 1, ulong offset = 0) =>
        new() { Opcode = Opcode.Readv, Fd = fd, Addr = vector, Len = count, Off = offset };

    public static Sqe Poll(int fd, uint events) => new() { Opcode = Opcode.PollAdd, Fd = fd, Poll32Events = events };

    /// <summary>A timeout of the timespec at an address.</summary>
    public static Sqe Timeout(nuint timespec) => new() { Opcode = Opcode.Timeout, Fd = -1, Addr = timespec, Len = 1 };

    public static Sqe LinkTimeout(nuint timespec) => new() { Opcode = Opcode.LinkTimeout, Fd = -1, Addr = timespec, Len = 1 };

    /// <summary>Cancels by user_data.</summary>
    public static Sqe Cancel(ulong userData) => new() { Opcode = Opcode.AsyncCancel, Fd = -1, Addr = userData };

    public static Sqe Link(in Sqe sqe) => With(sqe, SqeFlags.IoLink);

    public static Sqe Hardlink(in Sqe sqe) => With(sqe, SqeFlags.IoHardlink);

    public static Sqe Drain(in Sqe sqe) => With(sqe, SqeFlags.IoDrain);

    public static Sqe Async(in Sqe sqe) => With(sqe, SqeFlags.Async);

    public static Sqe Skip(in Sqe sqe) => With(sqe, SqeFlags.CqeSkipSuccess);

    /// <summary>Its fd is a slot of the file table.</summary>
    public static Sqe Fixed(in Sqe sqe) => With(sqe, SqeFlags.FixedFile);

    /// <summary>Takes its buffer from a group.</summary>
    public static Sqe Select(in Sqe sqe, ushort group) => With(sqe, SqeFlags.BufferSelect) with { BufGroup = group };

    public static Sqe With(in Sqe sqe, SqeFlags flags) => sqe with { Flags = sqe.Flags | flags };
}
