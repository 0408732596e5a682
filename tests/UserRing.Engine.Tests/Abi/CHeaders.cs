using System.Text.RegularExpressions;

namespace UserRing.Engine.Tests.Abi;

/// <summary>
/// What the machine's headers know. Headers are often older than the ABI; a name they lack cannot be asserted, and an enum member cannot be
/// asked for with #ifdef. So the preprocessed text is searched for the names.
/// </summary>
internal sealed partial class CHeaders
{
    private static readonly string[] Optional =
    [
        "linux/time_types.h", "linux/openat2.h", "linux/futex.h", "linux/version.h", "linux/io_uring/query.h",
        "linux/io_uring/bpf_filter.h", "linux/io_uring/zcrx.h",
    ];

    private static readonly string[] Always =
    [
        "errno.h", "stddef.h", "fcntl.h", "netinet/in.h", "sys/epoll.h", "sys/socket.h", "sys/stat.h", "sys/uio.h", "sys/un.h",
        "linux/io_uring.h",
    ];

    /// <summary>The #include lines of everything the ABI names, those first that io_uring.h builds on.</summary>
    public static string Includes { get; } = string.Concat(
        Always.Select(header => $"#include <{header}>\n")
            .Concat(Optional.Select(header => $"#if __has_include(<{header}>)\n#include <{header}>\n#endif\n"))
            .Prepend("#define _GNU_SOURCE 1\n"));

    private static readonly Lazy<CHeaders> Instance = new(() => new CHeaders(CCompiler.Preprocess(Includes)));

    private readonly string _text;
    private readonly HashSet<string> _names;

    private CHeaders(string text)
    {
        _text = text;
        _names = Tokens(text);
    }

    public static bool HaveIoUring => CCompiler.Check("#include <linux/io_uring.h>\n").Length == 0;

    /// <summary>Read when first asked for, so that a machine without a compiler can skip instead of fail.</summary>
    public static CHeaders OfThisMachine => Instance.Value;

    /// <summary>The kernel version the headers are of, as major and minor.</summary>
    public (int Major, int Minor) KernelVersion
    {
        get
        {
            int code = int.Parse(VersionCode().Match(_text).Groups[1].ValueSpan, null);
            return (code >> 16, (code >> 8) & 0xFF);
        }
    }

    public bool Know(string name) => _names.Contains(name);

    /// <summary>The names inside the braces of a structure; null if it is not declared.</summary>
    public HashSet<string>? NamesInside(string structure)
    {
        Match head = Regex.Match(_text, $@"\bstruct\s+{structure}\s*\{{");
        if (!head.Success)
            return null;
        int depth = 1;
        int end = head.Index + head.Length;
        for (; depth > 0; end++)
            depth += _text[end] switch { '{' => 1, '}' => -1, _ => 0 };
        return Tokens(_text[(head.Index + head.Length)..end]);
    }

    private static HashSet<string> Tokens(string text) => [.. Name().Matches(text).Select(match => match.Value)];

    [GeneratedRegex("[A-Za-z_][A-Za-z_0-9]*")]
    private static partial Regex Name();

    [GeneratedRegex(@"#define\s+LINUX_VERSION_CODE\s+(\d+)")]
    private static partial Regex VersionCode();
}
