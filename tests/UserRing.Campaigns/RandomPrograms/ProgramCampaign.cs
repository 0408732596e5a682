using CsCheck;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// One program after the other, each with a seed of its own that makes it again; those that differ are kept, and the run goes on. CsCheck
/// draws the programs; what it would do about a failure, to look for a smaller one by chance, is here done by leaving things out.
/// </summary>
internal sealed class ProgramCampaign(Verdict verdict)
{
    private const int MostDifferences = 20, ProgressEvery = 500;

    private readonly List<string> _differences = [];

    public Situations Situations { get; } = new();

    public int Programs => Situations.Programs + Differing.Count;

    public List<RandomProgram> Differing { get; } = [];

    /// <summary>The program of a seed, or a new one.</summary>
    public void Run(string? seed = null)
    {
        PCG random = seed is null ? PCG.ThreadPCG : PCG.Parse(seed);
        ulong state = random.State;
        RandomProgram program = ProgramGen.Programs.Generate(random, null, out _);
        if (Differs(verdict, program, out ProgramRun? run) is not { } difference)
        {
            Situations.Count(run!);
            if (Programs % ProgressEvery == 0)
                Console.WriteLine($"{Programs} programs, {Differing.Count} differ");
            return;
        }

        Differing.Add(program);
        _differences.Add($"URING_SEED={random.ToString(state)}, program {Programs}\n{program}\n{difference}");
        Console.WriteLine(_differences[^1]);
        Assert.True(Differing.Count < MostDifferences, $"{Differing.Count} of {Programs} programs differ; {_differences[0]}");
    }

    /// <summary>Prints what there is to know; fails, with the smallest program of the first difference, if there is one.</summary>
    public void Conclude(World world)
    {
        Console.WriteLine(
            $"{Programs} programs, {Differing.Count} differ, {verdict.Guesses} guesses, {verdict.Undetermined} undetermined\n{Situations}");
        if (Differing.Count == 0)
            return;
        RandomProgram smallest = Smallest(world, Differing[0]);
        Assert.Fail($"{_differences[0]}\n\nSmallest:\n{smallest}\n{Differs(new Verdict(world), smallest, out _)}");
    }

    public static RandomProgram Smallest(World world, RandomProgram program, Slip? slip = null)
    {
        var quick = new Verdict(world, repetitions: 1, slip);
        return new Reducer(smaller => Differs(quick, smaller, out _) is not null).Reduce(program);
    }

    private static string? Differs(Verdict verdict, RandomProgram program, out ProgramRun? run)
    {
        run = null;
        try
        {
            run = verdict.Of(program);
            return null;
        }
        catch (Exception difference) when (difference is InvalidOperationException or Xunit.Sdk.XunitException)
        {
            return difference.Message;
        }
    }
}
