using CsCheck;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>Random programs do alike on the kernel and on the managed engine, in everything that the kernel determines.</summary>
public sealed class RandomProgramTests
{
    [Fact]
    public void Random_programs_do_alike_on_both_engines()
    {
        TestEngines.RequireKernel();
        using var world = new World();
        var verdict = new Verdict(world);
        try
        {
            ProgramGen.Programs.Sample(
                program =>
                {
                    verdict.Of(program);
                },
                Console.WriteLine, Environment.GetEnvironmentVariable("URING_SEED"),
                iter: int.Parse(Environment.GetEnvironmentVariable("URING_ITER") ?? "300"), threads: 1);
        }
        catch (CsCheckException failure) when (verdict.Culprit is not null)
        {
            RandomProgram smallest = new Reducer(program => Differs(verdict, program) is not null).Reduce(verdict.Culprit);
            Assert.Fail($"{failure.Message}\n\nSmallest:\n{smallest}\n{Differs(verdict, smallest)}");
        }

        Console.WriteLine($"{verdict.Programs} programs, {verdict.Guesses} guesses, {verdict.Undetermined} undetermined");
    }

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
