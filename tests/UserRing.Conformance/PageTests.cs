using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Managed;

namespace UserRing.Conformance;

/// <summary>docs/conformance.md says what is so.</summary>
public sealed class PageTests
{
    [Fact]
    public void Page_is_up_to_date()
    {
        string file = RepositoryRoot.Combine(ConformancePage.Path);
        string[] here = File.Exists(file) ? File.ReadAllLines(file) : [], due = ConformancePage.Text.TrimEnd('\n').Split('\n');
        int same = here.Zip(due).TakeWhile(lines => lines.First == lines.Second).Count();
        Assert.True(
            here.SequenceEqual(due),
            $"{ConformancePage.Path} is out of date from line {same + 1} on. Write it again:\n{ConformancePage.Command}");
    }

    [Fact]
    public void Page_has_every_item_of_the_interface()
    {
        Assert.All(SupportTable.All, table =>
        {
            Assert.All(table.Lines, line => Assert.StartsWith(table.Prefix, line.Item.Name));
            Assert.Equal(table.Lines.DistinctBy(line => line.Item.Value), table.Lines);
        });
        int[] named = [Named<SetupFlags>(), Named<EnterFlags>(), Named<SqeFlags>(), Named<RingFeatures>()];
        Assert.Equal([.. named, AbiCounts.RegisterOps + 1], SupportTable.All.Select(table => table.Lines.Count));

        static int Named<T>()
            where T : struct, Enum => Enum.GetNames<T>().Length - 1; // without None
    }

    [Fact]
    public void Notes_are_about_what_there_is()
    {
        List<SupportLine> lines = [.. SupportTable.All.SelectMany(table => table.Lines)];
        Assert.Equal(Notes.Refusals.Keys.Order(), Named(OperationState.Refused, Notes.Refusals));
        Assert.Equal(Notes.Lacks.Keys.Order(), Named(OperationState.Part, Notes.Lacks));
        // A bit that is set is not refused, whatever a note says.
        Assert.DoesNotContain(
            AbiItem.Features, item => Notes.Refusals.ContainsKey(item.Name) && ((uint)ManagedEngine.SupportedFeatures & item.Value) != 0);

        IEnumerable<string> Named(OperationState state, IReadOnlyDictionary<string, string> notes) =>
            lines.Where(line => line.Managed.State == state && notes.ContainsKey(line.Item.Name)).Select(line => line.Item.Name).Order();
    }

    [Fact]
    public void Register_commands_are_asked_so_that_a_kernel_that_has_them_does_not_say_EINVAL()
    {
        TestEngines.RequireKernel();
        string? why = Conditions.WhyOther(ErrorRow.All[0]);
        Requirements.SkipUnless(why is null, $"{why}");
        IReadOnlySet<RegisterOp> known = RegisterAnswers.Known(RingEngines.Kernel);
        Assert.Empty(AbiItem.RegisterOps.Where(item => !item.IsNewer && !known.Contains((RegisterOp)item.Value)).Select(item => item.Name));
    }
}
