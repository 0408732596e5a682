using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>WAITID. All but one wait for one process by its id and leave it for the end of the case.</summary>
internal static class WaitidCases
{
    private const uint AnyChild = 0, OneChild = 1;
    private const uint Exited = 4, LeaveIt = 0x0100_0000;

    // si_status of siginfo_t, as it is for SIGCHLD on 64-bit machines.
    private const int StatusOffset = 24;

    private static readonly CaseList Cases = new()
    {
        {
            "waitid.echild", Run.Alone, c =>
            {
                c.Child();
                Sqe any = new() { Opcode = Opcode.Waitid, Len = AnyChild, FileIndex = Exited };
                return c.Unlike(c.Res(any), c.Res(any));
            }
        },
        { "waitid.addr", c => c.Fault(Wait(c), (ref s) => s.Addr = c.Buffer) },
        { "waitid.flags", c => c.Fault(Wait(c), (ref s) => s.WaitidFlags = 1) },
        { "waitid.badtype", c => c.Fault(Wait(c), (ref s) => s.Len = 99) },
        { "waitid.badopts", c => c.Fault(Wait(c), (ref s) => s.FileIndex = 0) },
        {
            ["waitid.ok", "waitid.status"], c =>
            {
                Sqe wait = Wait(c, exitCode: 3);
                c.Row("waitid.ok", c.Res(wait));
                c.Row("waitid.status", c.At<int>((nuint)wait.Addr2 + StatusOffset));
            }
        },
    };

    /// <summary>Waits for a child that ends at once.</summary>
    private static Sqe Wait(Case c, int exitCode = 0) => new()
    {
        Opcode = Opcode.Waitid, Len = OneChild, Fd = c.Child(exitCode), FileIndex = Exited | LeaveIt, Addr2 = c.Memory(128).Address,
    };
}
