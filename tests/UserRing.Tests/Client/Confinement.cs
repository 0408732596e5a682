using System.Runtime.InteropServices;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Takes from this process, for good, what containers take: rings, root, locked memory. Only for children.</summary>
internal static unsafe partial class Confinement
{
    // A user that has nothing else running, not even another child of the tests: locked memory is counted by user.
    private static uint OtherUser => 20_000 + (uint)Environment.ProcessId % 40_000;

    private const int SetDumpable = 4, SetNoNewPrivileges = 38;
    private const int FilterMode = 1, AllThreads = 1;
    private const uint Allow = 0x7fff_0000, Fail = 0x0005_0000, KillProcess = 0x8000_0000;
    private const ushort LoadWord = 0x20, JumpIfEqual = 0x15, Return = 0x06;
    private const uint IoUringSetup = 425, IoUringEnter = 426, IoUringRegister = 427;

    private static nint SeccompCall => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 317 : 277;

    /// <summary>io_uring_setup answers -<paramref name="error"/>.</summary>
    public static void RefuseRings(int error) => Filter(Fail | (uint)error);

    /// <summary>A call of io_uring ends the process with SIGSYS.</summary>
    public static void KillOnRings() => Filter(KillProcess);

    /// <summary>Another user, if this is root, who may lock that much memory.</summary>
    public static void LockAtMost(ulong bytes)
    {
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_MEMLOCK, bytes, bytes));
        if (Libc.Geteuid() != 0)
            return;
        Assert.Equal(0, setresuid(OtherUser, OtherUser, OtherUser));
        // A process that changed its user may not look into its own /proc/self otherwise.
        Assert.Equal(0, prctl(SetDumpable, 1, 0, 0, 0));
    }

    private static void Filter(uint action)
    {
        Instruction* program = stackalloc Instruction[]
        {
            new() { Code = LoadWord },
            new() { Code = JumpIfEqual, IfTrue = 3, Value = IoUringSetup },
            new() { Code = JumpIfEqual, IfTrue = 2, Value = IoUringEnter },
            new() { Code = JumpIfEqual, IfTrue = 1, Value = IoUringRegister },
            new() { Code = Return, Value = Allow },
            new() { Code = Return, Value = action },
        };
        Program filter = new() { Length = 6, Instructions = program };
        Assert.Equal(0, prctl(SetNoNewPrivileges, 1, 0, 0, 0));
        Assert.Equal(0, syscall(SeccompCall, FilterMode, AllThreads, &filter));
    }

    [LibraryImport("libc")]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint operation, nint flags, Program* program);

    [StructLayout(LayoutKind.Sequential)]
    private struct Instruction
    {
        public ushort Code;
        public byte IfTrue, IfFalse;
        public uint Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
