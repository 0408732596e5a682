using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Tests;

/// <summary>What user space cannot give: credentials that the process has given up for good.</summary>
public sealed class PersonalityTests
{
    [Fact]
    public void Credentials_that_no_thread_can_have_any_more_are_refused()
    {
        Requirements.SkipUnless(Libc.Geteuid() == 0, "Only root can give something up.");
        Child.Succeeds(UseWhatWasGivenUp);
    }

    [Scenario]
    private static void UseWhatWasGivenUp()
    {
        using var ring = new SeamRing(TestEngines.Managed);
        using var path = new TestMemory();
        Encoding.UTF8.GetBytes("/dev/null").CopyTo(path.Bytes);
        var open = new Sqe { Opcode = Opcode.Openat, Fd = -100, Addr = path.Address };
        int root = ring.Register(RegisterOp.RegisterPersonality);
        OtherUser.Become();
        Assert.Equal(-Errno.EPERM, ring.Do(open with { Personality = (ushort)root }));
        Assert.True(ring.Do(open with { Flags = SqeFlags.Async }) > 0); // nothing else is harmed
    }
}
