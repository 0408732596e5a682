using UserRing.Abi;
using UserRing.Engine.Linux;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: cancels, messages and questions, which leave nothing behind; and buffers taken over.</summary>
internal static class RegisterMessageCases
{
    private const ulong Pending = 1, Unknown = 99;

    private static readonly CaseList Cancels = new()
    {
        { "register.sync-cancel-none", c => CancelFault(c, (ref cancel) => cancel.Addr = Unknown) },
        { "register.sync-cancel-pad", c => CancelFault(c, (ref cancel) => cancel.Pad[0] = 1) },
        { "register.sync-cancel-flags", c => CancelFault(c, (ref cancel) => cancel.Flags = (CancelFlags)(1 << 10)) },
        { "register.sync-cancel-all-none", c => c.RegisterNewBy(RegisterSyncCancel, Cancel(CancelFlags.All | CancelFlags.Any)) },
        {
            "register.sync-cancel-nr0",
            c => c.CallFaultNew(RegisterSyncCancel, (c.Put(Cancel()), 1), (c.Put(Cancel()), 0), WithPoll)
        },
        {
            "register.sync-cancel-badfd", c =>
            {
                TestDescriptor eventFd = c.EventFd();
                c.Submit(Poll(eventFd, Libc.EPOLLIN));
                SyncCancelReg byFile = Cancel(CancelFlags.Fd) with { Fd = eventFd };
                return c.FaultOf(RegisterSyncCancel, byFile, (ref cancel) => cancel.Fd = c.NoFd);
            }
        },
        {
            ["register.sync-cancel-ok", "register.sync-cancel-target"], c =>
            {
                int ready = c.Res(Poll(c.EventFd(1), Libc.EPOLLIN));
                c.Submit(Poll(c.EventFd(), Libc.EPOLLIN));
                c.Row("register.sync-cancel-ok", c.Ring.RegisterBy(RegisterSyncCancel, Cancel()));
                c.Row("register.sync-cancel-target", c.Unlike(ready, c.Ring.Take().Res));
            }
        },
        {
            ["register.sync-cancel-read", "register.sync-cancel-read-target"], c =>
            {
                int ready = c.Res(Read(c.EventFd(1), c.Buffer, sizeof(ulong)));
                c.Submit(Read(c.EventFd(), c.Buffer, sizeof(ulong)));
                SyncCancelReg soon = Cancel() with { Timeout = new KernelTimespec { TvNsec = 20_000_000 } };
                c.Row("register.sync-cancel-read", c.Ring.RegisterBy(RegisterSyncCancel, soon));
                c.Row("register.sync-cancel-read-target", c.Unlike(ready, c.Ring.Take().Res));
            }
        },
    };

    private static readonly CaseList Messages = new()
    {
        {
            ["register.msg-ring-ok", "register.msg-ring-cqe"], c =>
            {
                c.Row("register.msg-ring-ok", Send(c, Message(c)));
                c.Row("register.msg-ring-cqe", c.Ring.Take().Res);
            }
        },
        { "register.msg-ring-flags", c => SendFault(c, (ref message) => message.Flags = SqeFlags.Async) },
        { "register.msg-ring-opcode", c => SendFault(c, (ref message) => message.Opcode = Opcode.Nop) },
        { "register.msg-ring-notring", c => SendFault(c, (ref message) => message.Fd = c.Null) },
        { "register.msg-ring-badfd", c => SendFault(c, (ref message) => message.Fd = c.NoFd) },
        { "register.msg-ring-nr0", c => c.Unlike(Send(c, Message(c)), Send(c, Message(c), count: 0)) },
        { "register.msg-ring-with-ring", c => c.Unlike(Send(c, Message(c)), Send(c, Message(c), c.NewRing().Descriptor)) },
        { "register.msg-ring-sendfd", c => SendFault(c, (ref message) => message.Addr = (ulong)MsgRingCommand.SendFd) },
    };

    private static readonly CaseList Questions = new()
    {
        {
            [
                "register.query-blind", "register.query-nr-ops", "register.query-nr-reg", "register.query-enter-flags",
                "register.query-setup-flags", "register.query-sqe-flags",
            ],
            c =>
            {
                QueryHdr question = Question(c);
                c.Row("register.query-blind", Ask(c, c.Put(question)));
                QueryOpcode answer = c.At<QueryOpcode>((nuint)question.QueryData);
                c.Row("register.query-nr-ops", answer.NrRequestOpcodes);
                c.Row("register.query-nr-reg", answer.NrRegisterOpcodes);
                c.Row("register.query-enter-flags", (long)answer.EnterFlags);
                c.Row("register.query-setup-flags", (long)answer.RingSetupFlags);
                c.Row("register.query-sqe-flags", (long)answer.SqeFlags);
            }
        },
        { "register.query-nr1", c => c.Unlike(Ask(c, c.Put(Question(c))), Ask(c, c.Put(Question(c)), count: 1)) },
        { "register.query-null", c => Ask(c, 0) },
        {
            ["register.query-unknown-return", "register.query-unknown"], c =>
            {
                nuint question = c.Put(Question(c) with { QueryOp = (QueryOp)200 });
                c.Row("register.query-unknown-return", Ask(c, question));
                c.Row("register.query-unknown", c.Unlike(ResultOf(c, Question(c)), c.At<QueryHdr>(question).Result));
            }
        },
        { "register.query-resv", c => c.Unlike(ResultOf(c, Question(c)), ResultOf(c, Question(c) with { Resv2 = 1 })) },
        { "register.query-size0", c => c.Unlike(ResultOf(c, Question(c)), ResultOf(c, Question(c) with { Size = 0 })) },
        { "register.query-on-ring", c => Ask(c, c.Put(Question(c)), c.Ring.Descriptor) },
    };

    private static readonly CaseList Clones = new()
    {
        { "register.clone-src-empty", c => CloneFault(c, (ref clone) => clone.SrcFd = (uint)c.Ring.Descriptor) },
        { "register.clone-flags", c => CloneFault(c, (ref clone) => clone.Flags = (CloneBuffersFlags)(1 << 8)) },
        { "register.clone-pad", c => CloneFault(c, (ref clone) => clone.Pad0 = 1) },
        { "register.clone-badfd", c => CloneFault(c, (ref clone) => clone.SrcFd = (uint)c.NoFd) },
        { "register.clone-notring", c => CloneFault(c, (ref clone) => clone.SrcFd = (uint)c.Null) },
        { "register.clone-ok", c => c.RegisterNewBy(RegisterCloneBuffers, FromOne(c)) },
        {
            ["register.clone-busy", "register.clone-replace"], c =>
            {
                CloneBuffers clone = FromOne(c);
                c.Control(c.Ring.RegisterBy(RegisterCloneBuffers, clone));
                c.Row("register.clone-busy", c.Ring.RegisterBy(RegisterCloneBuffers, clone));
                clone.Flags = CloneBuffersFlags.DstReplace;
                c.Row("register.clone-replace", c.Ring.RegisterBy(RegisterCloneBuffers, clone));
            }
        },
        { "register.clone-range", c => CloneFault(c, (ref clone) => clone.SrcOff = 5) },
    };

    /// <summary>Cancels the request whose user_data is <see cref="Pending"/>, and waits for its end.</summary>
    private static SyncCancelReg Cancel(CancelFlags flags = 0) =>
        new() { Addr = Pending, Fd = -1, Flags = flags, Timeout = new KernelTimespec { TvSec = -1, TvNsec = -1 } };

    /// <summary>A ring with a request that nothing completes; the first of a submit, its user_data is <see cref="Pending"/>.</summary>
    private static SeamRing WithPoll(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(1, c.Submit(ring, Poll(c.EventFd(), Libc.EPOLLIN)));
        return ring;
    }

    private static long CancelFault(Case c, Fault<SyncCancelReg> fault) => c.FaultOfNew(RegisterSyncCancel, Cancel(), fault, on: WithPoll);

    private static Sqe Message(Case c) => new() { Opcode = Opcode.MsgRing, Fd = c.Ring.Descriptor, Len = 42, Off = 77 };

    private static long Send(Case c, Sqe message, int ring = -1, uint count = 1) =>
        c.Register(ring, RegisterSendMsgRing, c.Put(message), count);

    private static long SendFault(Case c, Fault<Sqe> fault)
    {
        Sqe bad = Message(c);
        fault(ref bad);
        return c.Unlike(Send(c, Message(c)), Send(c, bad));
    }

    private static QueryHdr Question(Case c) =>
        new() { QueryOp = QueryOp.Opcodes, QueryData = c.Put(default(QueryOpcode)), Size = 48 };

    private static long Ask(Case c, nuint question, int ring = -1, uint count = 0) => c.Register(ring, RegisterQuery, question, count);

    private static long ResultOf(Case c, QueryHdr question)
    {
        nuint asked = c.Put(question);
        Assert.Equal(0, Ask(c, asked));
        return c.At<QueryHdr>(asked).Result;
    }

    /// <summary>Takes over the table of a ring with one buffer.</summary>
    private static CloneBuffers FromOne(Case c)
    {
        SeamRing source = c.NewRing();
        Assert.Equal(0, source.RegisterBuffers(new IoVec { Base = c.Buffer, Len = 4096 }));
        return new CloneBuffers { SrcFd = (uint)source.Descriptor, Nr = 1 };
    }

    private static long CloneFault(Case c, Fault<CloneBuffers> fault) => c.FaultOfNew(RegisterCloneBuffers, FromOne(c), fault);
}
