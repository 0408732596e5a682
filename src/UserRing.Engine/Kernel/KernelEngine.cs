using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Kernel;

/// <summary>The Linux kernel's io_uring: three system calls, mmap and close, as they are. Stateless, so one serves all.</summary>
internal sealed class KernelEngine : IRingEngine
{
    internal static readonly KernelEngine Instance = new();

    private KernelEngine()
    {
    }

    public string Name => "kernel";

    public int Setup(uint entries, nuint parameters) => Libc.IoUringSetup(entries, parameters);

    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset) =>
        Libc.Mmap(address, length, protection, flags, ring, (long)offset);

    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize) =>
        Libc.IoUringEnter(ring, toSubmit, minComplete, (uint)flags, argument, argumentSize);

    public int Register(int ring, RegisterOp operation, nuint argument, uint count) =>
        Libc.IoUringRegister(ring, (uint)operation, argument, count);

    public int Release(int ring) => Libc.Close(ring);
}
