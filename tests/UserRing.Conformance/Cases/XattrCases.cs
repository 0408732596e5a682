using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>SETXATTR, FSETXATTR, GETXATTR and FGETXATTR.</summary>
internal static class XattrCases
{
    private const uint XATTR_CREATE = 1;

    private static readonly CaseList Setting = new()
    {
        {
            "setxattr.create-exists", c =>
            {
                Sqe create = Set(c, 0) with { Opcode = Opcode.Setxattr, Addr3 = c.Text(c.NamedFile()), XattrFlags = XATTR_CREATE };
                return c.Unlike(c.Res(create), c.Res(create));
            }
        },
        { "fsetxattr.badflags", c => c.Fault(Set(c, c.File()), (ref s) => s.XattrFlags = 8) },
        { "fsetxattr.ok", c => c.Res(Set(c, c.File())) },
        { "fsetxattr.e2big", c => c.Fault(Set(c, c.File()) with { Addr2 = c.Memory(70_000).Address }, (ref s) => s.Len = 70_000) },
    };

    private static readonly CaseList Getting = new()
    {
        { "getxattr.enoent", c => c.Fault(GetByPath(c), (ref s) => s.Addr3 = c.Text(c.Nothing())) },
        { "getxattr.fixed", c => c.Fault(GetByPath(c), (ref s) => s = Fixed(s)) },
        { "fgetxattr.enodata", c => c.Fault(Get(c), (ref s) => s.Addr = c.Text("user.absent")) },
        { "fgetxattr.flags", c => c.Fault(Get(c), (ref s) => s.XattrFlags = 1) },
        { "fgetxattr.badname", c => c.Fault(Get(c), (ref s) => s.Addr = c.Text("nowhere")) },
        { "fgetxattr.ok", c => c.Res(Get(c)) },
        { "fgetxattr.erange", c => c.Fault(Get(c), (ref s) => s.Len = 2) },
        { "fgetxattr.size0", c => c.Res(Get(c) with { Len = 0 }) },
    };

    private static Sqe Set(Case c, int fd) =>
        new() { Opcode = Opcode.Fsetxattr, Fd = fd, Addr = c.Text("user.test"), Addr2 = c.Text("four"), Len = 4 };

    /// <summary>Of a file that has the attribute, into 16 bytes.</summary>
    private static Sqe Get(Case c)
    {
        Sqe set = Set(c, c.File());
        Assert.Equal(0, c.Res(set));
        return set with { Opcode = Opcode.Fgetxattr, Addr2 = c.Buffer, Len = 16 };
    }

    private static Sqe GetByPath(Case c)
    {
        Sqe set = Set(c, 0) with { Opcode = Opcode.Setxattr, Addr3 = c.Text(c.NamedFile()) };
        Assert.Equal(0, c.Res(set));
        return set with { Opcode = Opcode.Getxattr, Addr2 = c.Buffer, Len = 16 };
    }
}
