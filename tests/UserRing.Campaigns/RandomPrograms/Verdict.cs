namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// Runs a program on the kernel and on the managed engine. If they differ, the kernel runs it again and again: what it answers now so,
/// now so, is not determined, and each of its answers is right. What the managed engine alone ever answers is a difference.
/// </summary>
/// <param name="world">Where.</param>
/// <param name="repetitions">Of a program that differs.</param>
/// <param name="slip">A mistake that the managed engine is to be found to make.</param>
internal sealed class Verdict(World world, int repetitions = 6, Slip? slip = null)
{
    /// <summary>
    /// How long must nothing happen before nothing is expected, where that cannot be known: at first, and in repetitions.
    /// </summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(30), Slow = TimeSpan.FromMilliseconds(400);

    private readonly TimeSpan _patience = TimeSpan.FromSeconds(repetitions > 1 ? 2 : 0.3);

    public int Programs { get; private set; }

    /// <summary>Rests that were assumed, not known.</summary>
    public int Guesses { get; private set; }

    /// <summary>Programs of which the kernel has several opinions.</summary>
    public int Undetermined { get; private set; }

    /// <summary>The kernel's run; throws if the managed engine's is another one.</summary>
    public ProgramRun Of(RandomProgram program)
    {
        Programs++;
        ProgramRun kernel = OnKernel(program, Quick);
        Guesses += kernel.Guesses;
        ProgramRun managed = OnManaged(program, kernel);
        if (managed.Lines.SequenceEqual(kernel.Lines))
            return kernel;
        List<ProgramRun> kernels = [kernel], manageds = [managed];
        for (int i = 0; i < repetitions; i++)
        {
            kernels.Add(OnKernel(program, Slow));
            manageds.Add(OnManaged(program, kernels[^1]));
            if (kernels.Exists(run => run.Lines.SequenceEqual(managed.Lines)) || i == 0 && !kernels[1].Lines.SequenceEqual(kernel.Lines)
                && kernels[1].Lines.SequenceEqual(manageds[1].Lines))
            {
                Undetermined++;
                return kernel;
            }
        }

        int alike = kernels.Skip(1).Count(run => manageds.Exists(other => other.Lines.SequenceEqual(run.Lines)));
        int steady = kernels.Count(run => run.Lines.SequenceEqual(kernels[^1].Lines));
        throw new InvalidOperationException(
            $"of {repetitions} repetitions {alike} were alike, of {kernels.Count} runs of the kernel's {steady}:"
            + Difference.Between(alike > 0 ? kernel.Lines : kernels[^1].Lines, alike > 0 ? managed.Lines : manageds[^1].Lines));
    }

    private ProgramRun OnKernel(RandomProgram program, TimeSpan quiet) =>
        ProgramRun.Of(TestEngines.Get(TestEngines.Kernel), world, program, null, quiet);

    private ProgramRun OnManaged(RandomProgram program, ProgramRun kernel) =>
        ProgramRun.Of(TestEngines.Get(TestEngines.Managed), world, program, kernel, _patience, slip);
}
