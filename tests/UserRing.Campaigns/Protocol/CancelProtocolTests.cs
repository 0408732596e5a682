using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.Protocol;

/// <summary>
/// Requests that are cancelled while they complete: each has one completion, and both it and the cancel say what was done.
/// (Reads and timeouts: CancelRaceTests.)
/// </summary>
public sealed unsafe class CancelProtocolTests
{
    private const double Seconds = 0.25;
    private const int Each = 4, FewestOfEach = 20;
    private const ulong CancelBit = 1 << 16;

    /// <summary>What is cancelled, and what makes it complete.</summary>
    public enum Target
    {
        /// <summary>A poll, in the poller; an eventfd is written.</summary>
        Poll,

        /// <summary>An open of a FIFO, in a worker's system call; the other end is opened.</summary>
        Open,

        /// <summary>A NOP, queued for a worker or in its hands; nothing has to be done.</summary>
        Work,
    }

    /// <summary>By a request, or by a call that returns when the other has ended.</summary>
    public enum By
    {
        Request,
        Call,
    }

    [Theory]
    [EveryEngine(Target.Poll, By.Request)]
    [EveryEngine(Target.Poll, By.Call)]
    [EveryEngine(Target.Open, By.Request)]
    [EveryEngine(Target.Open, By.Call)]
    [EveryEngine(Target.Work, By.Request)]
    [EveryEngine(Target.Work, By.Call)]
    public void What_is_cancelled_while_it_completes_completes_once_and_both_say_so(string engine, Target target, By by)
    {
        using var ring = new SeamRing(engine, 32);
        using var targets = new Targets(target);
        var account = new Account(engine, target, by);
        Race.Run(Seconds, () => !account.IsLacking, account.ToString, ("completer", targets.Complete), ("canceller", race =>
        {
            var random = new Random(1);
            while (!race.IsOver)
                Round(race, ring, targets, account, random);
            race.Done();
        }));
        Assert.False(ring.TryTake(out Cqe extra), $"one more completion: {extra.UserData:x} {extra.Res}");
    }

    private static void Round(Race race, SeamRing ring, Targets targets, Account account, Random random)
    {
        for (int i = 0; i < Each; i++)
            targets.Prepare(ref ring.Next(), i);
        Assert.Equal(Each, ring.Submit());
        targets.Release();
        Race.SpinFor(account.Delay(random));
        var cancels = new int[Each];
        int completions = Each;
        if (account.By == By.Request)
        {
            for (int i = 0; i < Each; i++)
                ring.Next().PrepareAsyncCancel((ulong)i).UserData = CancelBit | (ulong)i;
            Assert.Equal(Each, ring.Submit());
            completions += Each;
        }
        else
        {
            for (int i = 0; i < Each; i++)
                cancels[i] = Cancel(ring, i);
        }

        var results = new int?[Each];
        for (int i = 0; i < completions; i++)
        {
            Cqe cqe = ring.Take();
            int number = (int)(cqe.UserData & (CancelBit - 1));
            if ((cqe.UserData & CancelBit) != 0)
            {
                cancels[number] = cqe.Res;
                continue;
            }

            Assert.True(results[number] is null, $"{number} came twice: {results[number]}, {cqe.Res}");
            results[number] = cqe.Res;
            targets.Ended(number, cqe.Res);
        }

        for (int i = 0; i < Each; i++)
            account.Enter(results[i]!.Value, cancels[i]);
        race.Until(targets.AreFree, () => "the completer has let go");
    }

    private static int Cancel(SeamRing ring, int number)
    {
        SyncCancelReg asked = new() { Addr = (ulong)number, Timeout = new KernelTimespec { TvSec = 10 } };
        int result = ring.RegisterBy(RegisterOp.RegisterSyncCancel, asked);
        if (result != -Errno.EINTR)
            return result;
        // A signal of the runtime's: what was asked for has been done, and what came of it can no longer be told.
        while (ring.RegisterBy(RegisterOp.RegisterSyncCancel, asked) == -Errno.EINTR)
        {
        }

        return 0;
    }

    /// <summary>Four of a kind, and the thread that makes them complete.</summary>
    private sealed class Targets : IDisposable
    {
        private const int Free = 0, Pending = 1, Met = 2;

        private readonly Target _kind;
        private readonly TestFolder _folder = new();
        private readonly TestMemory _memory = new();
        private readonly TestDescriptor[] _files = [.. Enumerable.Range(0, Each).Select(_ => TestDescriptor.EventFd())];
        private readonly string[] _fifos;
        private readonly int[] _states = new int[Each];
        private readonly bool[] _ended = new bool[Each];

        public Targets(Target kind)
        {
            _kind = kind;
            _fifos = [.. Enumerable.Range(0, Each).Select(i => _folder[$"fifo{i}"])];
            for (int i = 0; i < Each && kind == Target.Open; i++)
            {
                Assert.Equal(0, TestLibc.MakeFifo(_fifos[i]));
                _memory.PutPath(i * 1024, _fifos[i]);
            }
        }

        public void Prepare(ref Sqe sqe, int number)
        {
            switch (_kind)
            {
                case Target.Poll:
                    sqe.PreparePollAdd(_files[number], (uint)Libc.POLLIN);
                    break;
                case Target.Open:
                    sqe = new Sqe { Opcode = Opcode.Openat, Fd = -100, Addr = _memory.At(number * 1024), OpenFlags = Libc.O_CLOEXEC };
                    sqe.Flags = SqeFlags.Async;
                    break;
                default:
                    sqe.PrepareNop().Flags = SqeFlags.Async;
                    break;
            }

            sqe.UserData = (ulong)number;
        }

        /// <summary>The completer may begin.</summary>
        public void Release()
        {
            for (int i = 0; i < Each && _kind != Target.Work; i++)
            {
                Volatile.Write(ref _ended[i], false);
                Volatile.Write(ref _states[i], Pending);
            }
        }

        public bool AreFree() => Array.TrueForAll(_states, state => state == Free);

        public void Ended(int number, int result)
        {
            if (_kind == Target.Open && result >= 0)
                _ = Libc.Close(result);
            Volatile.Write(ref _ended[number], true);
        }

        public void Complete(Race race)
        {
            var random = new Random(2);
            while (!race.IsDone)
            {
                for (int i = 0; i < Each; i++)
                    Complete(i);
                Race.Linger(random);
            }
        }

        public void Dispose()
        {
            Array.ForEach(_files, file => file.Dispose());
            _memory.Dispose();
            _folder.Dispose();
        }

        private void Complete(int number)
        {
            int state = Volatile.Read(ref _states[number]);
            if (state == Pending && (_kind == Target.Poll ? Write(number) : MeetsReader(number)))
                Volatile.Write(ref _states[number], state = Met);
            // Until then the eventfd stays ready, and an open that has not begun is tried again.
            if (state == Free || !Volatile.Read(ref _ended[number]))
                return;
            if (_kind == Target.Poll && state == Met)
                Libc.DrainEventfd(_files[number]);
            Volatile.Write(ref _states[number], Free);
        }

        private bool Write(int number)
        {
            Libc.SignalEventfd(_files[number]);
            return true;
        }

        private bool MeetsReader(int number)
        {
            int end = Libc.Open(_fifos[number], Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
            if (end < 0)
                return false;
            _ = Libc.Close(end);
            return true;
        }
    }

    /// <summary>What came of them.</summary>
    private sealed class Account(string engine, Target target, By by)
    {
        private int _completed, _cancelled;
        private double _microseconds = 20;

        public By By => by;

        /// <summary>One of the two hardly ever happened. A NOP may well never be met.</summary>
        public bool IsLacking => _completed < FewestOfEach || _cancelled < FewestOfEach && target != Target.Work;

        /// <summary>So long that as many are met before they complete as after: that is when both are at it.</summary>
        public double Delay(Random random) => _microseconds + random.NextDouble() * 2;

        public void Enter(int result, int cancel)
        {
            // What a worker executes is interrupted (EINTR, or as the kernel calls it inside); the rest never is.
            bool isInterrupted = target == Target.Open && result is -Errno.EINTR or -512;
            bool isCancelled = result == -Errno.ECANCELED || isInterrupted;
            Assert.True(isCancelled || IsSuccess(result), $"result {result}, cancel {cancel}");
            switch (cancel)
            {
                case 0 when by == By.Request:
                    Assert.Equal(-Errno.ECANCELED, result);
                    break;
                case -Errno.ENOENT:
                    // A kernel worker may be woken from its call for another reason.
                    Assert.True(IsSuccess(result) || isInterrupted && engine == TestEngines.Kernel, $"result {result}, not found");
                    break;
                default:
                    Assert.True(cancel == 0 || cancel == -Errno.EALREADY && by == By.Request, $"cancel {cancel}");
                    break;
            }

            _microseconds = Math.Clamp(_microseconds + (isCancelled ? 0.5 : -0.5), 0, 2000);
            (_completed, _cancelled) = isCancelled ? (_completed, _cancelled + 1) : (_completed + 1, _cancelled);
        }

        public override string ToString() => $"{_completed} completed, {_cancelled} cancelled";

        private bool IsSuccess(int result) => target switch
        {
            Target.Poll => result == Libc.POLLIN,
            Target.Open => result >= 0,
            _ => result == 0,
        };
    }
}
