using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace UserRing.Engine.Tests;

/// <summary>The house style that no analyzer checks.</summary>
public sealed partial class TidyTests
{
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 60;
    private const int MaxLineLength = 140;

    // Layouts and tables grow with the ABI, not with ideas.
    private static readonly string[] MayBeLong = ["src/UserRing.Engine/Abi/*", "*/OpTable*.cs"];

    // Unsafe code has addresses: everything else works with spans, references and handles.
    private static readonly string[] MayBeUnsafe =
    [
        "src/UserRing.Engine/Abi/*", "src/UserRing.Engine/Linux/*", "*/OpTable*.cs", "*/OpRow*.cs", "*/RingMemory.cs", "*.Unsafe.cs",
        "src/*Caller.cs", "tests/*", "bench/*",
    ];

    [Fact]
    public void Files_have_at_most_400_lines() => AssertNone(
        from file in SourceFile.All
        where file.Lines.Length > MaxFileLines && !file.Matches(MayBeLong)
        select $"{file.Path}: {file.Lines.Length} lines");

    [Fact]
    public void Methods_have_at_most_60_lines() => AssertNone(
        from file in SourceFile.All
        from node in file.Root.DescendantNodes()
        where node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax { ExpressionBody: not null }
        let lines = SourceFile.LinesOf(node, node)
        where lines > MaxMethodLines
        select $"{file.At(node)}: {lines} lines");

    [Fact]
    public void Programs_have_at_most_60_lines_outside_methods() => AssertNone(
        from file in SourceFile.All
        let statements = file.Root.ChildNodes().OfType<GlobalStatementSyntax>().ToList()
        where statements.Count > 0 && SourceFile.LinesOf(statements[0], statements[^1]) > MaxMethodLines
        select $"{file.At(statements[0])}: {SourceFile.LinesOf(statements[0], statements[^1])} lines");

    [Fact]
    public void Lines_have_at_most_140_characters() => AssertNone(
        from file in SourceFile.All
        from line in file.Lines.Index()
        where line.Item.Length > MaxLineLength
        select $"{file.Path}:{line.Index + 1}: {line.Item.Length} characters");

    [Fact]
    public void Postponed_work_names_its_issue() => AssertNone(
        from file in SourceFile.All
        from trivia in file.Root.DescendantTrivia(descendIntoTrivia: true)
        where trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
            or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia
        where Postponed().IsMatch(trivia.ToFullString())
        select $"{file.At(trivia.GetLocation())}: {trivia.ToString().Trim()}");

    [Fact]
    public void Tests_do_not_sleep() => AssertNone(
        from file in SourceFile.All
        where file.IsIn("tests")
        from call in file.Root.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
        where Sleep().IsMatch(call.ToString())
        select $"{file.At(call)}: {call}");

    [Fact]
    public void Unsafe_code_stays_where_addresses_live() => AssertNone(
        from file in SourceFile.All
        where !file.Matches(MayBeUnsafe)
        from token in file.Root.DescendantTokens()
        where token.IsKind(SyntaxKind.UnsafeKeyword)
        select $"{file.At(token.GetLocation())}: unsafe");

    [Fact]
    public void Libc_is_called_from_one_folder() => AssertNone(
        from file in SourceFile.All
        where file.IsIn("src") && !file.IsIn("src/UserRing.Engine/Linux")
        from attribute in file.Root.DescendantNodes().OfType<AttributeSyntax>()
        where attribute.Name.ToString().Split('.')[^1] is "LibraryImport" or "DllImport" or "LibraryImportAttribute" or "DllImportAttribute"
        select $"{file.At(attribute)}: {attribute.Name}");

    [Fact]
    public void Names_of_files_say_what_they_do() => AssertNone(
        from file in SourceFile.All
        where file.IsIn("src") && Vague().IsMatch(Path.GetFileName(file.Path))
        select file.Path);

    [Fact]
    public void Engine_knows_no_other_project()
    {
        XDocument project = XDocument.Load(RepositoryRoot.Combine("src/UserRing.Engine/UserRing.Engine.csproj"));
        AssertNone(project.Descendants("ProjectReference").Select(reference => reference.ToString()));
        AssertNone(
            from assembly in typeof(IRingEngine).Assembly.GetReferencedAssemblies()
            where assembly.Name!.StartsWith("UserRing", StringComparison.Ordinal) || assembly.Name == "uring"
            select assembly.Name);
    }

    [Fact]
    public void Rules_see_the_sources()
    {
        Assert.Contains(SourceFile.All, file => file.Path == "src/UserRing.Engine/IRingEngine.cs");
        Assert.Contains(SourceFile.All, file => file.Path == "tests/UserRing.Engine.Tests/TidyTests.cs");
    }

    private static void AssertNone(IEnumerable<string> violations)
    {
        List<string> found = [.. violations];
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b(?!\s*[(:]?\s*(issue\s*)?#\d+)")]
    private static partial Regex Postponed();

    [GeneratedRegex(@"^(System\.Threading\.)?(Tasks\.)?(Thread\.Sleep|Task\.Delay)$")]
    private static partial Regex Sleep();

    [GeneratedRegex("Helper|Manager|Util")]
    private static partial Regex Vague();
}
