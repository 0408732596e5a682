using CsCheck;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>Random programs do alike on the kernel and on the managed engine, in everything that the kernel determines.</summary>
public sealed class RandomProgramTests
{
    /// <summary>
    /// The programs of an ordinary run: seeds that once showed a difference. URING_PROGRAMS=number or URING_CAMPAIGN=full draws new ones,
    /// URING_SEED=seed begins with a certain one.
    /// </summary>
    private static readonly string[] Known =
    [
        "17TkR2sy85O1", "1gxWSghyrLe1", "1tZFpWGpU6g1", "4yrLM-Qa9r71", "5-z83W8R5p11", "5eVWapkA8er1", "85o2QJHadA31",
        "8WnFYrc4aYe1", "c98PPJpFA2g1", "cD50fbzOkPC1", "c_lmecBhHk61", "dH7HySHITK01", "e8v8pLUxYPd1",
    ];

    private RandomProgram? _culprit;

    [Fact]
    public void Random_programs_do_alike_on_both_engines()
    {
        TestEngines.RequireKernel();
        using var world = new World();
        var verdict = new Verdict(world);
        try
        {
            string? seed = Environment.GetEnvironmentVariable("URING_SEED");
            string? programs = Environment.GetEnvironmentVariable("URING_PROGRAMS");
            if (seed is not null || programs is not null || Environment.GetEnvironmentVariable("URING_CAMPAIGN") == "full")
                Sample(verdict, seed, programs is null ? 100_000 : int.Parse(programs));
            else
                Array.ForEach(Known, known => Sample(verdict, known, programs: 1));
        }
        catch (CsCheckException failure) when (_culprit is not null)
        {
            var quick = new Verdict(world, repetitions: 1);
            RandomProgram smallest = new Reducer(program => Differs(quick, program) is not null).Reduce(_culprit);
            Assert.Fail($"{failure.Message}\n{failure.InnerException?.Message}\n\nSmallest:\n{smallest}\n{Differs(verdict, smallest)}");
        }

        Console.WriteLine($"{verdict.Programs} programs, {verdict.Guesses} guesses, {verdict.Undetermined} undetermined");
    }

    private void Sample(Verdict verdict, string? seed, int programs) => ProgramGen.Programs.Sample(
        program =>
        {
            try
            {
                verdict.Of(program);
            }
            catch
            {
                _culprit = program; // of several the last is the smallest
                throw;
            }
        },
        Console.WriteLine, seed, iter: programs, threads: 1);

    private static string? Differs(Verdict verdict, RandomProgram program)
    {
        try
        {
            verdict.Of(program);
            return null;
        }
        catch (Exception difference) when (difference is InvalidOperationException or Xunit.Sdk.XunitException)
        {
            return difference.Message;
        }
    }
}
