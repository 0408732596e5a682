using System.Globalization;
using UserRing.Abi;

namespace UserRing.Conformance;

internal enum Standing
{
    Same,
    Different,
    NotRun,
}

/// <summary>A row held against what an engine answered.</summary>
/// <param name="Got">The value, or in words what happened instead; for a row that was not run, why.</param>
/// <param name="Expected">What it was compared with: the file's value, or the kernel's where the machine is not the file's.</param>
/// <param name="Lacks">What the case leaves out that it must do; null if nothing.</param>
internal sealed record Verdict(string Engine, ErrorRow Row, Standing Standing, string Expected, string Got, string? Lacks = null)
{
    /// <summary>Differs, and not as the list of known differences says.</summary>
    public bool IsUnexplained => Standing == Standing.Different && !IsKnown;

    public bool IsKnown => Engine != TestEngines.Kernel && KnownDifferences.All.TryGetValue(Row.Name, out KnownDifference? known)
        && Got == known.Answer;

    /// <summary>
    /// Compares one row. <paramref name="onKernel"/> is what the kernel answers here, asked only where the file may not hold.
    /// </summary>
    public static Verdict Of(string engine, ErrorRow row, Outcome? outcome, Outcome? onKernel)
    {
        Verdict NotRun(string why) => new(engine, row, Standing.NotRun, row.Expected, why);
        if (outcome is null)
            return NotRun("no case is written for it");
        string expected = row.Expected;
        if (Conditions.WhyOther(row) is { } why)
        {
            if (engine == TestEngines.Kernel || onKernel?.Of(row.Name) is not { } answered)
                return NotRun(why);
            expected = answered.Value < 0 || expected != ">=0" ? Number(answered.Value) : expected;
        }

        if (outcome.Of(row.Name) is not { } answer)
        {
            return outcome.NotRun is { } reason
                ? NotRun(reason)
                : new(engine, row, Standing.Different, expected, outcome.Failure ?? "the case did not record it");
        }

        if (row.Errno is not null && answer.Control == answer.Value)
            return new(engine, row, Standing.Different, expected, $"{Name(answer.Value)}, and so without the fault");
        string? lacks = row.Errno is not null && answer.Control is null && answer.NoControl is null ? "a control" : null;
        bool same = expected == ">=0" ? answer.Value >= 0 : expected == Number(answer.Value);
        return new(engine, row, same ? Standing.Same : Standing.Different, expected, Number(answer.Value), lacks);
    }

    public override string ToString() => Standing switch
    {
        Standing.NotRun => $"{Engine} {Row.Name}: not run: {Got}",
        Standing.Same => $"{Engine} {Row.Name}: same",
        _ => $"{Engine} {Row.Name}: expected {Name(Expected)}, got {Name(Got)} [{Row.Steps}]"
            + (IsKnown ? $" (known: {KnownDifferences.All[Row.Name].Reason})" : ""),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Name(string value) => long.TryParse(value, CultureInfo.InvariantCulture, out long number) ? Name(number) : value;

    private static string Name(long value) => value is < 0 and > -4096 ? Errno.Name((int)value) : Number(value);
}
