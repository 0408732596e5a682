namespace UserRing.Conformance;

/// <summary>What came of running a case.</summary>
/// <param name="Case">Its name.</param>
/// <param name="Answers">The rows it recorded before it ended.</param>
/// <param name="Failure">How it ended early: an exception, a hang, a crash.</param>
/// <param name="NotRun">Why it could not be run here.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record Outcome(string Case, IReadOnlyList<Answer> Answers, string? Failure, string? NotRun, long Milliseconds)
{
    public Answer? Of(string row) => Answers.FirstOrDefault(answer => answer.Row == row);

    public static Outcome Failed(string name, string how) => new(name, [], how, null, 0);
}
