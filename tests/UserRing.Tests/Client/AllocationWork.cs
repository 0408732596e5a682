using Microsoft.Win32.SafeHandles;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Batches of requests, each submitted and reaped, without an allocation by the test itself.</summary>
internal sealed unsafe class AllocationWork : IDisposable
{
    public const int Batch = 32;

    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(10);

    private readonly Ring _ring, _small;
    private readonly TestMemory _memory = new(Batch * 512);
    private readonly TestFile _file = TestFile.Numbered(Batch * 512);
    private readonly SafeFileHandle _handle;
    private readonly TestPipe[] _pipes = [.. Enumerable.Range(0, Batch).Select(_ => new TestPipe())];
    private readonly OwnedHandle[] _pipeHandles;
    private readonly Memory<byte>[] _buffers = [.. Enumerable.Range(0, Batch).Select(_ => new byte[512].AsMemory())];
    private readonly Cqe[] _cqes = new Cqe[2 * Batch];
    private readonly nuint _time;

    public AllocationWork(IRingEngine engine)
    {
        _ring = new Ring(2 * Batch, new RingOptions { Engine = engine });
        _small = new Ring(8, new RingOptions { Engine = engine, CqEntries = 8 });
        _handle = File.OpenHandle(_file.Path, FileMode.Open, FileAccess.ReadWrite);
        _pipeHandles = [.. _pipes.Select(pipe => pipe.ReadEnd.Handle())];
        _time = _memory.PutTime(0, TimeSpan.FromMicroseconds(30));
        _file.Content();
    }

    public void Nops()
    {
        for (uint i = 0; i < Batch; i++)
            _ring.GetSqe().PrepareNop().UserData = i;
        Finish(Batch, 0);
    }

    public void CachedReads()
    {
        for (int i = 0; i < Batch; i++)
            _ring.GetSqe().PrepareRead(_file, _memory.At(512 * i), 512, (ulong)(512 * i)).UserData = (ulong)i;
        Finish(Batch, 512);
        _memory.PutTime(0, TimeSpan.FromMicroseconds(30));
    }

    public void ParkedReads()
    {
        Park();
        Feed();
        Finish(Batch, 1);
    }

    public void Polls()
    {
        for (int i = 0; i < Batch; i++)
            _ring.GetSqe().PreparePollAdd(_pipes[i].ReadEnd, (uint)Libc.POLLIN).UserData = (ulong)i;
        SubmitToPark();
        Feed();
        Finish(Batch, Libc.POLLIN);
        byte taken;
        for (int i = 0; i < Batch; i++)
            Check(Libc.Read(_pipes[i].ReadEnd, &taken, 1) == 1, "the byte is there");
    }

    public void Timeouts()
    {
        for (uint i = 0; i < Batch; i++)
            _ring.GetSqe().PrepareTimeout(_time).UserData = i;
        Finish(Batch, -Errno.ETIME);
    }

    public void Cancels()
    {
        Park();
        for (uint i = 0; i < Batch; i++)
            _ring.GetSqe().PrepareAsyncCancel(i).UserData = 1000;
        _ring.SubmitAndWait(2 * Batch);
        Check(_ring.Reap(_cqes) == 2 * Batch, "all cancels and all cancelled");
        foreach (ref Cqe cqe in _cqes.AsSpan())
            Check(cqe.Res == (cqe.UserData == 1000 ? 0 : -Errno.ECANCELED), "found and cancelled");
    }

    public void HeldReads()
    {
        for (int i = 0; i < Batch; i++)
            _ring.Read(_handle, _buffers[i], 512 * i);
        Finish(Batch, 512);
    }

    public void HeldWrites()
    {
        for (int i = 0; i < Batch; i++)
            _ring.Write(_handle, _buffers[i], 512 * i);
        Finish(Batch, 512);
    }

    public void HeldParkedReads()
    {
        for (int i = 0; i < Batch; i++)
            _ring.Read(_pipeHandles[i], _buffers[i], -1);
        SubmitToPark();
        Feed();
        Finish(Batch, 1);
    }

    public void TimedWaits()
    {
        for (uint i = 0; i < Batch; i++)
            _ring.GetSqe().PrepareNop().UserData = i;
        WaitResult result = _ring.SubmitAndWait(Batch, LongWait);
        Check(result.Status == WaitStatus.Ready && result.Submitted == Batch, "all taken and done");
        while (_ring.TryPeek(out _))
            _ring.Advance(1);
        Check(_ring.SubmitAndWait(1, TimeSpan.Zero).Status == WaitStatus.TimedOut, "nothing is left");
    }

    /// <summary>Four times what the completion queue holds; each must still arrive.</summary>
    public void Overflow()
    {
        for (int round = 0; round < 4; round++)
        {
            for (uint i = 0; i < 8; i++)
                _small.GetSqe().PrepareNop().UserData = i;
            _small.Submit();
        }

        int reaped = 0;
        while (reaped < Batch)
        {
            int now = _small.Reap(_cqes);
            Check(now > 0, "the backlog comes");
            reaped += now;
        }
    }

    public void Dispose()
    {
        _ring.Dispose();
        _small.Dispose();
        _handle.Dispose();
        _file.Dispose();
        foreach (TestPipe pipe in _pipes)
            pipe.Dispose();
        _memory.Dispose();
    }

    private void Park()
    {
        for (int i = 0; i < Batch; i++)
            _ring.GetSqe().PrepareRead(_pipes[i].ReadEnd, _memory.At(1024 + i), 1, ulong.MaxValue).UserData = (ulong)i;
        SubmitToPark();
    }

    private void SubmitToPark()
    {
        Check(_ring.Submit() == Batch, "all are taken");
        Check(_ring.CqReady == 0, "none completes before there is something");
    }

    private void Feed()
    {
        byte one = 1;
        for (int i = 0; i < Batch; i++)
            Check(Libc.Write(_pipes[i].WriteEnd, &one, 1) == 1, "the pipe takes a byte");
    }

    private void Finish(int count, int result)
    {
        _ring.SubmitAndWait((uint)count);
        Check(_ring.Reap(_cqes) == count, "as many completions as requests");
        for (int i = 0; i < count; i++)
            Check(_cqes[i].Res == result, "the expected result");
    }

    private static void Check(bool condition, string what)
    {
        if (!condition)
            Assert.Fail($"not so: {what}");
    }
}
