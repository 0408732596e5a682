using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>That the running and the comparing of cases can be trusted: they see what is wrong, and nothing takes the rest down.</summary>
public sealed class RunningTests
{
    private static readonly ErrorRow Refused =
        new("self.fine", "self", null, "an unknown opcode", "cqe.res", "-22", nameof(Errno.EINVAL), null, null);

    private static readonly ErrorRow Number = new("self.first", "self", null, "a NOP", "cqe.res", "0", null, null, null);

    [Fact]
    public void Case_that_hangs_crashes_or_throws_takes_no_other_with_it()
    {
        TestEngines.RequireKernel();
        Dictionary<string, Outcome> outcomes = EngineRun.Outcomes(TestEngines.Kernel, SelfCases.All, secondsPerCase: 3);
        Assert.Equal(SelfCases.All.Count, outcomes.Count);
        Assert.Equal(new Answer("self.fine", -Errno.EINVAL, 0, null), outcomes["self.fine"].Of("self.fine"));
        Assert.Contains("on purpose", outcomes["self.throws"].Failure);
        Assert.Null(outcomes["self.first"].Failure);
        Assert.Null(outcomes["self.first"].Of("self.second"));
        Assert.Equal("hang", outcomes["self.hangs"].Failure);
        Assert.StartsWith("crash", outcomes["self.crashes"].Failure);
        Assert.InRange(outcomes["self.limits"].Of("self.limits")!.Value, 0, int.MaxValue);
    }

    [Fact]
    public void Row_is_the_same_only_with_the_value_expected()
    {
        Assert.Equal(Standing.Same, Of(Refused, -22, 0).Standing);
        Assert.Equal(Standing.Different, Of(Refused, -14, 0).Standing);
        Assert.Equal(Standing.Same, Of(Number, 0, null).Standing);
        Assert.Equal(Standing.Different, Of(Number, 1, null).Standing);
        Assert.Equal(Standing.Same, Of(Number with { Expected = ">=0" }, 7, null).Standing);
        Assert.Equal(Standing.Different, Of(Number with { Expected = ">=0" }, -7, null).Standing);
    }

    [Fact]
    public void Error_that_comes_without_its_cause_too_differs() => Assert.Equal(Standing.Different, Of(Refused, -22, -22).Standing);

    [Fact]
    public void Error_without_a_control_lacks_it_unless_there_is_a_reason()
    {
        Assert.NotNull(Of(Refused, -22, null).Lacks);
        Assert.Null(Of(Refused, -22, 0).Lacks);
        Assert.Null(Of(Refused, -22, null, "there is no other way to ask").Lacks);
    }

    [Fact]
    public void Row_that_a_case_left_out_differs_and_one_that_could_not_be_run_does_not()
    {
        var nothing = new Outcome("self.fine", [], null, null, 0);
        Assert.Equal(Standing.Different, Of(Refused, nothing).Standing);
        Assert.Equal("hang", Of(Refused, nothing with { Failure = "hang" }).Got);
        Assert.Equal(Standing.NotRun, Of(Refused, nothing with { NotRun = "not here" }).Standing);
        Assert.Equal(Standing.NotRun, Of(Refused, null).Standing);
    }

    private static Verdict Of(ErrorRow row, long value, long? control, string? noControl = null) =>
        Of(row, new Outcome(row.Name, [new Answer(row.Name, value, control, noControl)], null, null, 0));

    private static Verdict Of(ErrorRow row, Outcome? outcome) => Verdict.Of(TestEngines.Managed, row, outcome, outcome);
}
