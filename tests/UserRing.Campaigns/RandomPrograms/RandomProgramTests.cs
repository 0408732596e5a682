using CsCheck;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>Random programs do alike on the kernel and on the managed engine, in everything that the kernel determines.</summary>
public sealed class RandomProgramTests
{
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(30), Patient = TimeSpan.FromSeconds(2);

    [Fact]
    public void Random_programs_do_alike_on_both_engines()
    {
        TestEngines.RequireKernel();
        using var world = new World();
        int guesses = 0, programs = 0;
        ProgramGen.Programs.Sample(
            program =>
            {
                programs++;
                ProgramRun kernel = ProgramRun.Of(TestEngines.Kernel, world, program, null, Quick);
                guesses += kernel.Guesses;
                ProgramRun managed = ProgramRun.Of(TestEngines.Managed, world, program, kernel, Patient);
                if (!managed.Lines.SequenceEqual(kernel.Lines))
                    throw new InvalidOperationException(Difference.Between(kernel.Lines, managed.Lines));
            },
            Console.WriteLine, Environment.GetEnvironmentVariable("URING_SEED"), iter: int.Parse(Environment.GetEnvironmentVariable("URING_ITER") ?? "300"), threads: 1);
        Console.WriteLine($"{programs} programs, {guesses} guesses");
    }
}
