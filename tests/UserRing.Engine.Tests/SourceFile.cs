using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace UserRing.Engine.Tests;

/// <summary>A C# file of the repository, parsed once for all rules of taste.</summary>
internal sealed class SourceFile
{
    private SourceFile(string path)
    {
        Path = System.IO.Path.GetRelativePath(RepositoryRoot.Path, path).Replace('\\', '/');
        string text = File.ReadAllText(path);
        Lines = text.TrimEnd('\n').Split('\n');
        Root = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
    }

    public static IReadOnlyList<SourceFile> All { get; } =
    [
        .. new[] { "src", "tests", "bench" }
            .Select(RepositoryRoot.Combine)
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(path)),
    ];

    /// <summary>Relative to the repository, with forward slashes.</summary>
    public string Path { get; }

    public string[] Lines { get; }

    public SyntaxNode Root { get; }

    public bool IsIn(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>Whether one of the patterns fits; a star stands for anything, slashes too.</summary>
    public bool Matches(params string[] patterns) =>
        patterns.Any(pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, Path, ignoreCase: false));

    public string At(SyntaxNode node) => At(node.GetLocation());

    public string At(Location location) => $"{Path}:{location.GetLineSpan().StartLinePosition.Line + 1}";

    public static int LinesOf(SyntaxNode first, SyntaxNode last) =>
        last.GetLocation().GetLineSpan().EndLinePosition.Line - first.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
