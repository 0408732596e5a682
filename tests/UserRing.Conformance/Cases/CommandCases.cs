using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>URING_CMD, and the two operations that are newer than this kernel.</summary>
internal static class CommandCases
{
    private const int SolSocket = 1, SoType = 3, IpProtoTcp = 6, TcpNoDelay = 1;

    private static readonly CaseList Commands = new()
    {
        { "cmd.file", c => c.Fault(Command(c.Udp()), (ref s) => s.Fd = c.File()) },
        { "cmd.multishot-noselect", c => c.Fault(Command(c.Udp()), (ref s) => s.UringCmdFlags = UringCmdFlags.Multishot) },
        { "cmd.select-nomulti", c => c.Fault(Command(c.Udp()), (ref s) => s = Select(s, 1)) },
        { "cmd.pad", c => c.Fault(Command(c.Udp()), (ref s) => s.Pad1 = 1) },
        { "cmd.badflags", c => c.Fault(Command(c.Udp()), (ref s) => s.UringCmdFlags = (UringCmdFlags)(1 << 10)) },
        { "cmd.sock-unknown", c => c.Fault(Command(c.Udp()), (ref s) => s.CmdOp = 999) },
        { "cmd.siocinq", c => c.Res(Command(c.Udp())) },
        {
            ["cmd.getsockopt", "cmd.getsockopt-value"], c =>
            {
                Sqe get = GetType(c);
                c.Row("cmd.getsockopt", c.Res(get));
                c.Row("cmd.getsockopt-value", c.At<int>((nuint)get.OptVal));
            }
        },
        { "cmd.getsockopt-level", c => c.Fault(GetType(c), (ref s) => s.Level = IpProtoTcp) },
        {
            "cmd.setsockopt", c => c.Res(Command(c.Tcp(), SocketOp.SetSockOpt) with
            {
                Level = IpProtoTcp, OptName = TcpNoDelay, OptVal = c.Put(1), OptLen = sizeof(int),
            })
        },
        { "cmd.getsockname-newer", c => c.Fault(Command(c.Udp()), (ref s) => s.CmdOp = (uint)SocketOp.GetSockName) },
        { "cmd.fixed-none", c => c.Res(Command(c.Udp()) with { UringCmdFlags = UringCmdFlags.Fixed }) },
    };

    private static readonly CaseList Newer = new()
    {
        { "nop128.plain", c => c.Fault(Nop, (ref s) => s.Opcode = Opcode.Nop128) },
        { "nop128.sqe128", c => c.Fault(c.NewRing(SetupFlags.Sqe128), Nop, (ref s) => s.Opcode = Opcode.Nop128) },
        { "cmd128.plain", c => c.Fault(Command(c.Udp()), (ref s) => s.Opcode = Opcode.UringCmd128) },
    };

    private static Sqe Command(int socket, SocketOp operation = SocketOp.SiocInq) =>
        new() { Opcode = Opcode.UringCmd, Fd = socket, CmdOp = (uint)operation };

    /// <summary>Asks a socket whether it is one for streams or for datagrams.</summary>
    private static Sqe GetType(Case c) => Command(c.Udp(), SocketOp.GetSockOpt) with
    {
        Level = SolSocket, OptName = SoType, OptVal = c.Put(0), OptLen = sizeof(int),
    };
}
