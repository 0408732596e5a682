using System.Runtime.InteropServices;
using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Credentials that are registered, and requests that act with them.</summary>
public sealed unsafe partial class RegisterPersonalityTests
{
    private const uint Nobody = 65534;

    [Theory, EveryEngine]
    public void Ids_are_given_one_after_the_other(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(1, Register(ring));
        Assert.Equal(2, Register(ring));
        Assert.Equal(0, Unregister(ring, 1));
        Assert.Equal(-Errno.EINVAL, Unregister(ring, 1));
        Assert.Equal(3, Register(ring)); // not the one that is free again
        Assert.Equal(-Errno.EINVAL, Unregister(ring, 0));
        Assert.Equal(-Errno.EINVAL, Unregister(ring, 99));
        Assert.Equal(-Errno.EINVAL, Unregister(ring, 65536 + 2));
    }

    [Theory, EveryEngine]
    public void Arguments_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterPersonality, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterPersonality, memory.Address));
        Assert.Equal(1, Register(ring));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterPersonality, memory.Address, 1));
    }

    [Theory, EveryEngine]
    public void Each_id_is_there_once_and_then_there_are_none_left(string engine)
    {
        using var ring = new SeamRing(engine);
        for (int id = 1; id <= 65535; id++)
        {
            if (Register(ring) != id)
                Assert.Fail($"not {id}");
        }

        Assert.Equal(-Errno.EBUSY, Register(ring));
        Assert.Equal(0, Unregister(ring, 77));
        Assert.Equal(77, Register(ring));
    }

    [Theory, EveryEngine]
    public void A_request_names_one_that_is_registered(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        var nop = new Sqe { Opcode = Opcode.Nop, Personality = 1 };
        Assert.Equal(-Errno.EINVAL, ring.Do(nop));
        Assert.Equal(1, Register(ring));
        Assert.Equal(0, ring.Do(nop));
        Assert.Equal(-Errno.EINVAL, ring.Do(nop with { Personality = 2 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(nop with { IoPrio = 1 }));
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.Address, Len = 8, Personality = 1 };
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Unregister(ring, 1)); // the request goes on with it
        pipe.Write("abc");
        Assert.Equal(3, ring.Take().Res);
        Assert.Equal(-Errno.EINVAL, ring.Do(nop));
        Assert.Equal(0, ring.Do(nop with { Personality = 0 }));
    }

    [Theory, EveryEngine]
    public void Requests_act_with_the_credentials_that_were_registered(string engine)
    {
        Requirements.SkipUnless(Libc.Geteuid() == 0, "Only root can be somebody else.");
        Child.Succeeds(ActAsOthers, [engine]);
    }

    [Scenario]
    private static void ActAsOthers(string[] arguments)
    {
        using var ring = new SeamRing(arguments[0]);
        using TestFile secret = TestFile.Create("abc");
        Assert.Equal(0, Chmod(secret.Path, 0x180)); // root's alone
        var path = new TestMemory();
        Encoding.UTF8.GetBytes(secret.Path).CopyTo(path.Bytes);
        var open = new Sqe { Opcode = Opcode.Openat, Fd = -100, Addr = path.Address };

        ushort root = (ushort)Register(ring);
        Assert.Equal(0, seteuid(Nobody));
        ushort nobody = (ushort)Register(ring);
        Assert.Equal(-Errno.EACCES, ring.Do(open));
        Assert.Equal(-Errno.EACCES, ring.Do(open with { Personality = nobody }));
        AssertOpens(ring.Do(open with { Personality = root }));
        AssertOpens(ring.Do(open with { Personality = root, Flags = SqeFlags.Async }));
        Assert.Equal(-Errno.EACCES, ring.Do(open with { Flags = SqeFlags.Async })); // the worker is itself again

        Assert.Equal(0, seteuid(0));
        AssertOpens(ring.Do(open with { Flags = SqeFlags.Async }));
        Assert.Equal(-Errno.EACCES, ring.Do(open with { Personality = nobody }));
        AssertOpens(ring.Do(open with { Flags = SqeFlags.Async }));
        AssertOpens(ring.Do(open));
    }

    [Theory, EveryEngine]
    public void What_waits_for_data_acts_with_them_too(string engine)
    {
        Requirements.SkipUnless(Libc.Geteuid() == 0, "Only root can be somebody else.");
        Child.Succeeds(ReadAsOther, [engine]);
    }

    [Scenario]
    private static void ReadAsOther(string[] arguments)
    {
        using var ring = new SeamRing(arguments[0]);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ushort root = (ushort)Register(ring);
        Assert.Equal(0, seteuid(Nobody));
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.Address, Len = 8, Personality = root };
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("abc");
        Assert.Equal(3, ring.Take().Res);
    }

    private static void AssertOpens(int result)
    {
        Assert.True(result >= 0, Errno.Name(-result));
        Libc.Close(result);
    }

    private static int Register(SeamRing ring) => ring.Register(RegisterOp.RegisterPersonality);

    private static int Unregister(SeamRing ring, uint id) => ring.Register(RegisterOp.UnregisterPersonality, 0, id);

    private static int Chmod(string path, uint mode) => chmod(path, mode);

    [LibraryImport("libc")]
    private static partial int seteuid(uint user);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);
}
