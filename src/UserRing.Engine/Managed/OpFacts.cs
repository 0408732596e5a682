using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>
/// What is told about an operation: where it waits, what it lacks or does otherwise than the kernel, why it is refused for good.
/// </summary>
internal readonly record struct OpFact(Opcode Opcode, WaitingPlace Waits, string? Lacks = null, string? Refusal = null);

/// <summary>
/// What people ask about an operation and no request does, in number order: where it waits, what it lacks. Apart from
/// <see cref="OpTable"/>, whose rows every request reads; held against them when first used.
/// </summary>
internal static class OpFacts
{
    internal const string NotYet = "not implemented yet";
    internal const string Newer = "newer than Linux 6.18";
    internal const string NewerThere = Newer + "; AbiLevel.Newest has it";

    private const string Transfer = "an I/O priority is checked and not applied: system calls take that of their thread";
    private const string Copies = "data are copied, as the notification says if asked";
    private const string OfSockets = "no commands of devices, which take them from rings alone; no transmit timestamps, because who takes "
        + "them from a socket's error queue takes its other errors as well";

    private const string NetworkCard = "needs a receive queue of a network card, which the kernel gives to its own rings only";

    private static readonly OpFact[] Rows = Checked(
    [
        new(Opcode.Nop, WaitingPlace.Inline),
        new(Opcode.Readv, WaitingPlace.Poll, Transfer),
        new(Opcode.Writev, WaitingPlace.Poll, Transfer),
        new(Opcode.Fsync, WaitingPlace.Worker, "a range is not honoured, the whole file is synced: no system call takes one"),
        new(Opcode.ReadFixed, WaitingPlace.Poll, Transfer),
        new(Opcode.WriteFixed, WaitingPlace.Poll, Transfer),
        new(Opcode.PollAdd, WaitingPlace.Poll),
        new(Opcode.PollRemove, WaitingPlace.Inline),
        new(Opcode.SyncFileRange, WaitingPlace.Worker),
        new(Opcode.Sendmsg, WaitingPlace.Poll),
        new(Opcode.Recvmsg, WaitingPlace.Poll),
        new(Opcode.Timeout, WaitingPlace.Timer),
        new(Opcode.TimeoutRemove, WaitingPlace.Inline),
        new(Opcode.Accept, WaitingPlace.Poll),
        new(Opcode.AsyncCancel, WaitingPlace.Inline),
        new(Opcode.LinkTimeout, WaitingPlace.Timer),
        new(Opcode.Connect, WaitingPlace.Poll),
        new(Opcode.Fallocate, WaitingPlace.Worker),
        new(Opcode.Openat, WaitingPlace.Worker),
        new(Opcode.Close, WaitingPlace.Worker),
        new(Opcode.FilesUpdate, WaitingPlace.Inline),
        new(Opcode.Statx, WaitingPlace.Worker),
        new(Opcode.Read, WaitingPlace.Poll, Transfer),
        new(Opcode.Write, WaitingPlace.Poll, Transfer),
        new(Opcode.Fadvise, WaitingPlace.Worker),
        new(Opcode.Madvise, WaitingPlace.Worker),
        new(Opcode.Send, WaitingPlace.Poll),
        new(Opcode.Recv, WaitingPlace.Poll),
        new(Opcode.Openat2, WaitingPlace.Worker),
        new(Opcode.EpollCtl, WaitingPlace.Inline),
        new(Opcode.Splice, WaitingPlace.Worker),
        new(Opcode.ProvideBuffers, WaitingPlace.Inline),
        new(Opcode.RemoveBuffers, WaitingPlace.Inline),
        new(Opcode.Tee, WaitingPlace.Worker),
        new(Opcode.Shutdown, WaitingPlace.Inline),
        new(Opcode.Renameat, WaitingPlace.Worker),
        new(Opcode.Unlinkat, WaitingPlace.Worker),
        new(Opcode.Mkdirat, WaitingPlace.Worker),
        new(Opcode.Symlinkat, WaitingPlace.Worker),
        new(Opcode.Linkat, WaitingPlace.Worker),
        new(Opcode.MsgRing, WaitingPlace.Inline),
        new(Opcode.Fsetxattr, WaitingPlace.Worker),
        new(Opcode.Setxattr, WaitingPlace.Worker),
        new(Opcode.Fgetxattr, WaitingPlace.Worker),
        new(Opcode.Getxattr, WaitingPlace.Worker),
        new(Opcode.Socket, WaitingPlace.Inline),
        new(Opcode.UringCmd, WaitingPlace.Inline, OfSockets),
        new(Opcode.SendZc, WaitingPlace.Poll, Copies),
        new(Opcode.SendmsgZc, WaitingPlace.Poll, Copies),
        new(Opcode.ReadMultishot, WaitingPlace.Poll),
        new(Opcode.Waitid, WaitingPlace.Poll),
        new(Opcode.FutexWait, WaitingPlace.Futex),
        new(Opcode.FutexWake, WaitingPlace.Inline),
        new(Opcode.FutexWaitv, WaitingPlace.Futex),
        new(Opcode.FixedFdInstall, WaitingPlace.Inline),
        new(Opcode.Ftruncate, WaitingPlace.Worker),
        new(Opcode.Bind, WaitingPlace.Worker),
        new(Opcode.Listen, WaitingPlace.Inline),
        new(Opcode.RecvZc, WaitingPlace.Inline, Refusal: NetworkCard),
        new(Opcode.EpollWait, WaitingPlace.Poll),
        new(Opcode.ReadvFixed, WaitingPlace.Poll, Transfer),
        new(Opcode.WritevFixed, WaitingPlace.Poll, Transfer),
        new(Opcode.Pipe, WaitingPlace.Inline),
        new(Opcode.Nop128, WaitingPlace.Inline),
        new(Opcode.UringCmd128, WaitingPlace.Inline),
    ]);

    /// <summary>At the level of Linux 6.18.</summary>
    internal static OperationSupport Of(Opcode opcode)
    {
        if ((int)opcode >= Rows.Length)
            return Refused(Newer);
        ref readonly OpFact fact = ref Rows[(int)opcode];
        if ((int)opcode >= OpTable.Count)
            return Refused(OpTable.Of(opcode).IsImplemented ? NewerThere : Newer);
        if (fact.Refusal is not null || !OpTable.Supports(opcode))
            return Refused(fact.Refusal ?? NotYet);
        return new(fact.Lacks is null ? OperationState.Full : OperationState.Part, fact.Lacks, fact.Waits);
    }

    private static OperationSupport Refused(string why) => new(OperationState.Refused, why, WaitingPlace.Inline);

    private static OpFact[] Checked(OpFact[] facts)
    {
        if (facts.Length != AbiCounts.Opcodes)
            throw new InvalidOperationException($"There are facts about {facts.Length} operations, not about {AbiCounts.Opcodes}.");
        for (int number = 0; number < facts.Length; number++)
        {
            ref readonly OpFact fact = ref facts[number];
            if ((int)fact.Opcode != number)
                throw new InvalidOperationException($"The facts have {fact.Opcode} in the place of number {number}.");
            if (OpTable.Of(fact.Opcode).ReadyOn != Ready.Never && fact.Waits != WaitingPlace.Poll)
                throw new InvalidOperationException($"{fact.Opcode} is said to wait in another place than its row has it wait.");
        }

        return facts;
    }
}
