namespace UserRing.Tool;

/// <summary>Ends the tool with one line on stderr and an exit code.</summary>
internal sealed class ToolException(string message, int exitCode = ToolException.BadInput) : Exception(message)
{
    /// <summary>Something went wrong while running.</summary>
    public const int Failed = 1;

    /// <summary>What was asked for makes no sense: a bad option, a missing file.</summary>
    public const int BadInput = 2;

    public int ExitCode { get; } = exitCode;
}
