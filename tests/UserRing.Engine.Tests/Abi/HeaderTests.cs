namespace UserRing.Engine.Tests.Abi;

/// <summary>The C# declarations against the headers of this machine, by static asserts that its C compiler judges.</summary>
public sealed class HeaderTests
{
    [Fact]
    public void C_compiler_agrees_with_every_declaration_its_headers_know()
    {
        StaticAsserts asserts = StaticAsserts.OfEverything(Headers());
        string errors = CCompiler.Check(asserts.ToString());
        Assert.True(errors.Length == 0, errors);
    }

    [Fact]
    public void Asserts_cover_everything_a_header_of_its_version_has()
    {
        CHeaders headers = Headers();
        (int major, int minor) = headers.KernelVersion;
        IEnumerable<string> missing = AbiFacts.Opcodes
            .Where(fact => Version.Parse(fact.Since!) <= new Version(major, minor) && !headers.Know(fact.Name))
            .Select(fact => fact.Name);
        Assert.Empty(missing);
        // What Linux 5.6 had, the oldest header worth testing against, already makes more asserts than this.
        Assert.InRange(StaticAsserts.OfEverything(headers).Count, 400, int.MaxValue);
    }

    [Theory]
    [InlineData("offsetof(struct io_uring_sqe, user_data) == 40", "offset")]
    [InlineData("sizeof(struct io_uring_cqe) == 24", "size")]
    [InlineData("IORING_OP_READ == 23", "value")]
    public void Wrong_claim_is_found_and_named(string condition, string claim)
    {
        StaticAsserts asserts = StaticAsserts.OfEverything(Headers());
        asserts.Add(condition, $"planted {claim}");
        Assert.Contains($"planted {claim}", CCompiler.Check(asserts.ToString()), StringComparison.Ordinal);
    }

    private static CHeaders Headers()
    {
        Requirements.SkipUnless(CCompiler.Exists, "no C compiler: neither CC nor cc runs");
        Requirements.SkipUnless(CHeaders.HaveIoUring, "no <linux/io_uring.h>: install the kernel headers (linux-libc-dev)");
        return CHeaders.OfThisMachine;
    }
}
