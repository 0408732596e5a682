using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Conformance;

/// <summary>
/// Which register commands an engine has, found by asking: each is given an argument that it refuses with something else than EINVAL, or
/// that it takes. EINVAL is what a command that nobody knows gets. That the calls are such calls is shown on the kernel.
/// </summary>
internal sealed class RegisterAnswers : IDisposable
{
    private const int Size = 32;

    // What all the commands agree to: some want completions deferred, one the larger of them.
    private const SetupFlags Flags = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun | SetupFlags.Cqe32;

    private static readonly int[] Refusals = [-Errno.EINVAL, -Errno.EOPNOTSUPP];

    private readonly SeamRing _ring;

    private RegisterAnswers(IRingEngine engine) => _ring = new(engine, 8, SeamRing.Parameters(Flags));

    /// <summary>The commands that the engine has, and the bit for registered rings if it has that.</summary>
    public static IReadOnlySet<RegisterOp> Known(IRingEngine engine)
    {
        // A thread is a task, whose registered rings and limits go with it.
        return TestThread.Start(() =>
        {
            using var answers = new RegisterAnswers(engine);
            return AbiItem.RegisterOps.Select(item => (RegisterOp)item.Value)
                .Where(operation => !Refusals.Contains(answers.Ask(operation))).ToHashSet();
        }).Answer;
    }

    public void Dispose() => _ring.Dispose();

    private int Ask(RegisterOp operation) => operation switch
    {
        RegisterOp.RegisterBuffers or RegisterOp.RegisterFiles => Call(operation, 0, 1),
        RegisterOp.UnregisterBuffers or RegisterOp.UnregisterFiles or RegisterOp.UnregisterEventFd => Call(operation, 0, 0),
        RegisterOp.RegisterPersonality or RegisterOp.RegisterEnableRings or RegisterOp.UnregisterIoWqAff => Call(operation, 0, 0),
        RegisterOp.UnregisterPersonality => Call(operation, 0, (uint)Math.Max(0, Call(RegisterOp.RegisterPersonality, 0, 0))),
        RegisterOp.RegisterFiles2 or RegisterOp.RegisterFilesUpdate2 => Call(operation, TestMemory.Bad, Size),
        RegisterOp.RegisterBuffers2 or RegisterOp.RegisterBuffersUpdate => Call(operation, TestMemory.Bad, Size),
        RegisterOp.RegisterFileAllocRange or RegisterOp.RegisterClock or RegisterOp.RegisterZcrxCtrl => Call(operation, TestMemory.Bad, 0),
        RegisterOp.RegisterSendMsgRing => _ring.Engine.Register(-1, operation, TestMemory.Bad, 1),
        RegisterOp.RegisterQuery => _ring.Engine.Register(-1, operation, TestMemory.Bad, 0),
        RegisterOp.RegisterUseRegisteredRing => AskRegistered(),
        RegisterOp.RegisterIoWqMaxWorkers => Call(operation, TestMemory.Bad, 2),
        _ => Call(operation, TestMemory.Bad, 1),
    };

    private int AskRegistered()
    {
        using var memory = new TestMemory();
        nuint entry = memory.Put(0, new RsrcUpdate { Offset = uint.MaxValue, Data = (ulong)_ring.Descriptor });
        int registered = Call(RegisterOp.RegisterRingFds, entry, 1);
        if (registered != 1)
            return -Errno.EINVAL;
        var slot = (int)memory.As<RsrcUpdate>().Offset;
        return _ring.Engine.Register(slot, RegisterOp.RegisterProbe | RegisterOp.RegisterUseRegisteredRing, TestMemory.Bad, 1);
    }

    private int Call(RegisterOp operation, nuint argument, uint count) =>
        _ring.Engine.Register(_ring.Descriptor, operation, argument, count);
}
