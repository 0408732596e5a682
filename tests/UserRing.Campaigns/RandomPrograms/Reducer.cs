using UserRing.Abi;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// Makes a program that shows a difference as small as it can be: leaves out steps, then requests, then what is odd about those that
/// remain, as long as it still shows one.
/// </summary>
internal sealed class Reducer(Func<RandomProgram, bool> isBad)
{
    private static readonly SqeFlags[] EveryFlag =
    [
        SqeFlags.CqeSkipSuccess, SqeFlags.IoDrain, SqeFlags.Async, SqeFlags.FixedFile, SqeFlags.IoHardlink, SqeFlags.IoLink,
    ];

    public RandomProgram Reduce(RandomProgram program)
    {
        RandomProgram before;
        do
        {
            before = program;
            program = WithoutSteps(program);
            program = WithoutRequests(program);
            program = Plainer(program);
        }
        while (program != before);

        return program;
    }

    private RandomProgram WithoutSteps(RandomProgram program)
    {
        for (int i = program.Steps.Length - 1; i >= 0; i--)
            program = Try(program, program with { Steps = [.. program.Steps[..i], .. program.Steps[(i + 1)..]] });
        return program;
    }

    private RandomProgram WithoutRequests(RandomProgram program)
    {
        for (int i = 0; i < program.Steps.Length; i++)
        {
            for (int r = RequestsOf(program, i).Length - 1; r >= 0; r--)
            {
                RequestShape[] requests = RequestsOf(program, i);
                program = Try(program, With(program, i, [.. requests[..r], .. requests[(r + 1)..]]));
            }
        }

        return program;
    }

    private RandomProgram Plainer(RandomProgram program)
    {
        for (int i = 0; i < program.Steps.Length; i++)
        {
            for (int r = 0; r < RequestsOf(program, i).Length; r++)
            {
                foreach (SqeFlags flag in EveryFlag)
                    program = Change(program, i, r, shape => shape with { Flags = shape.Flags & ~flag });
                program = Change(program, i, r, shape => shape with { Flaw = Flaw.None });
                program = Change(program, i, r, shape => shape with { Form = Form.Plain });
                program = Change(program, i, r, shape => new RequestShape { Flags = shape.Flags });
                program = Change(program, i, r, shape => shape.Kind is Kind.Poll or Kind.Cancel ? shape : shape with { Extra = 0 });
            }
        }

        program = Try(program, program with { Ring = program.Ring with { Flags = SetupFlags.None } });
        return Try(program, program with { Ring = new RingShape(program.Ring.Flags, 8, 16) });
    }

    private RandomProgram Change(RandomProgram program, int step, int request, Func<RequestShape, RequestShape> change)
    {
        RequestShape[] requests = [.. RequestsOf(program, step)];
        RequestShape changed = change(requests[request]);
        if (changed == requests[request])
            return program;
        requests[request] = changed;
        return Try(program, With(program, step, requests));
    }

    private RandomProgram Try(RandomProgram program, RandomProgram smaller) =>
        !smaller.ToString().Equals(program.ToString(), StringComparison.Ordinal) && isBad(smaller) ? smaller : program;

    private static RequestShape[] RequestsOf(RandomProgram program, int step) => program.Steps[step] is Batch batch ? batch.Requests : [];

    private static RandomProgram With(RandomProgram program, int step, RequestShape[] requests)
    {
        Step[] steps = [.. program.Steps];
        steps[step] = (Batch)steps[step] with { Requests = requests };
        return program with { Steps = steps };
    }
}
