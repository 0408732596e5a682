using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>SPLICE and TEE.</summary>
public sealed class SpliceTests
{
    private const SpliceFlags NonBlock = (SpliceFlags)Libc.SPLICE_F_NONBLOCK;

    /// <summary>What the kernel's internal code for a call to be restarted looks like in a CQE.</summary>
    private const int Interrupted = -512;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Bytes_move_between_pipes_and_files(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using TestPipe pipe = new(), other = new();
        using TestFile from = TestFile.Create("0123456789"), to = TestFile.Create("abcdef");
        Assert.Equal(4, Splice(from, 2, pipe.WriteEnd, -1, 4));
        Assert.Equal(4, Splice(pipe.ReadEnd, -1, other.WriteEnd, -1, 64));
        Assert.Equal(4, Splice(other.ReadEnd, -1, to, 1, 64));
        Assert.Equal("a2345f"u8, to.Content());
        Assert.Equal((0L, 0L), (from.Position, to.Position));
        from.Position = 5;
        Assert.Equal(3, Splice(from, -1, pipe.WriteEnd, -1, 3));
        Assert.Equal(8, from.Position);
        Assert.Equal(3, Splice(pipe.ReadEnd, -1, to, -1, 3));
        Assert.Equal(3, to.Position);
        Assert.Equal("56745f"u8, to.Content());
        Assert.Equal(0, Splice(from, 100, pipe.WriteEnd, -1, 3));
        Assert.Equal(0, Splice(pipe.ReadEnd, -1, to, 0, 0));

        int Splice(int input, long inputOffset, int output, long outputOffset, uint length)
        {
            ring.Next().PrepareSplice(input, inputOffset, output, outputOffset, length).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Tee_leaves_what_it_copies(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using TestPipe pipe = new(), other = new();
        using TestFile file = TestFile.Create("");
        pipe.Write("abcdef");
        Assert.Equal(3, Tee(pipe.ReadEnd, other.WriteEnd, 3));
        Assert.Equal(6, Tee(pipe.ReadEnd, other.WriteEnd, 64));
        Assert.Equal(0, Tee(pipe.ReadEnd, other.WriteEnd, 0));
        Assert.Equal(("abcdef", "abcabcdef"), (pipe.Read(), other.Read()));
        Assert.Equal(-Errno.EINVAL, Tee(pipe.ReadEnd, file, 3));
        Assert.Equal(-Errno.EINVAL, Tee(pipe.ReadEnd, pipe.WriteEnd, 3));
        Assert.Equal(-Errno.EBADF, Tee(pipe.WriteEnd, other.WriteEnd, 3));

        int Tee(int input, int output, uint length)
        {
            ring.Next().PrepareTee(input, output, length).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Registered_files_are_either_end(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("0123456789");
        Assert.Equal(-Errno.EBADF, Splice(0, pipe.WriteEnd, 0));
        Assert.Equal(0, ring.RegisterFiles(file, pipe.WriteEnd, -1));
        Assert.Equal(3, Splice(0, pipe.WriteEnd, 0));
        Assert.Equal(3, Splice(0, 1, SqeFlags.FixedFile));
        Assert.Equal("012012", pipe.Read());
        Assert.Equal(-Errno.EBADF, Splice(2, pipe.WriteEnd, 0));
        Assert.Equal(-Errno.EBADF, Splice(3, pipe.WriteEnd, 0));
        Assert.Equal(-Errno.EBADF, Splice(-1, pipe.WriteEnd, 0));
        Assert.Equal(-Errno.EBADF, Splice(0, 2, SqeFlags.FixedFile));

        int Splice(int slot, int output, SqeFlags flags)
        {
            ring.Next().PrepareSplice(slot, 0, output, -1, 3, SpliceFlags.FdInFixed).Flags = how | flags;
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void What_cannot_be_spliced_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestPipe pipe = new(), closed = new(), broken = new();
        using TestFile file = TestFile.Create("0123456789");
        using TestDescriptor readOnly = file.Again(Libc.O_RDONLY), writeOnly = file.Again(Libc.O_WRONLY), place = file.Again(Libc.O_PATH);
        using TestDescriptor appending = file.Again(Libc.O_WRONLY | Libc.O_APPEND), directory = TestDescriptor.Open("/");
        pipe.Write("abcdef");
        closed.WriteEnd.Close();
        broken.ReadEnd.Close();
        Assert.Equal(-Errno.EINVAL, Splice(file, 0, file, 0, 3));
        Assert.Equal(-Errno.EINVAL, Splice(pipe.ReadEnd, -1, pipe.WriteEnd, -1, 3));
        Assert.Equal(-Errno.ESPIPE, Splice(pipe.ReadEnd, 0, file, 0, 3));
        Assert.Equal(-Errno.ESPIPE, Splice(file, 0, pipe.WriteEnd, 0, 3));
        Assert.Equal(-Errno.EINVAL, Splice(file, -2, pipe.WriteEnd, -1, 3));
        Assert.Equal(-Errno.EINVAL, Splice(pipe.ReadEnd, -1, file, -2, 3));
        Assert.Equal(-Errno.EINVAL, Splice(pipe.ReadEnd, -1, appending, -1, 3));
        Assert.Equal(-Errno.EINVAL, Splice(directory, 0, pipe.WriteEnd, -1, 3));
        Assert.Equal(-Errno.EBADF, Splice(pipe.ReadEnd, -1, readOnly, 0, 3));
        Assert.Equal(-Errno.EBADF, Splice(writeOnly, 0, pipe.WriteEnd, -1, 3));
        Assert.Equal(-Errno.EBADF, Splice(pipe.WriteEnd, -1, file, 0, 3));
        Assert.Equal(-Errno.EBADF, Splice(pipe.WriteEnd, 0, file, 0, 3)); // the direction before the offset
        Assert.Equal(-Errno.EBADF, Splice(place, 0, pipe.WriteEnd, -1, 3));
        Assert.Equal(-Errno.EBADF, Splice(pipe.ReadEnd, -1, place, 0, 3));
        Assert.Equal(-Errno.EBADF, Splice(TestDescriptor.Closed, -1, pipe.WriteEnd, -1, 0));
        Assert.Equal(-Errno.EBADF, Splice(-1, -1, pipe.WriteEnd, -1, 3));
        Assert.Equal(-Errno.EBADF, Splice(pipe.ReadEnd, -1, TestDescriptor.Closed, -1, 0));
        Assert.Equal(-Errno.EPIPE, Splice(pipe.ReadEnd, -1, broken.WriteEnd, -1, 3));
        Assert.Equal(-Errno.EPIPE, Splice(file, 0, broken.WriteEnd, -1, 3));
        Assert.Equal(0, Splice(closed.ReadEnd, -1, file, 0, 3));
        Assert.Equal("abcdef", pipe.Read());

        int Splice(int input, long inputOffset, int output, long outputOffset, uint length)
        {
            ring.Next().PrepareSplice(input, inputOffset, output, outputOffset, length);
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void Fields_are_checked_before_the_files(string engine)
    {
        using var ring = new SeamRing(engine);
        foreach (Opcode opcode in (Opcode[])[Opcode.Splice, Opcode.Tee])
        {
            var sqe = new Sqe { Opcode = opcode, Fd = TestDescriptor.Closed, SpliceFdIn = TestDescriptor.Closed };
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { SpliceFlags = (SpliceFlags)(1 << 10) }));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { IoPrio = 1 }));
            Assert.Equal(-Errno.EBADF, ring.Do(sqe with { SpliceFlags = (SpliceFlags)0xF, BufIndex = 1, Addr3 = 1 }));
        }

        var tee = new Sqe { Opcode = Opcode.Tee, Fd = TestDescriptor.Closed };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(tee with { Off = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(tee with { SpliceOffIn = 1 }));
    }

    [Theory]
    [EveryEngine(Opcode.Splice)]
    [EveryEngine(Opcode.Tee)]
    public void An_empty_pipe_is_waited_for_unless_it_is_non_blocking(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        using TestPipe pipe = new(), output = new(), impatient = new(Libc.O_NONBLOCK);
        var sqe = new Sqe { Opcode = opcode, SpliceFdIn = pipe.ReadEnd, Fd = output.WriteEnd, Len = 64 };
        if (opcode == Opcode.Splice)
            sqe.Off = sqe.SpliceOffIn = ulong.MaxValue;
        Assert.Equal(-Errno.EAGAIN, ring.Do(sqe with { SpliceFlags = NonBlock }));
        Assert.Equal(-Errno.EAGAIN, ring.Do(sqe with { SpliceFdIn = impatient.ReadEnd }));
        Assert.Equal(-Errno.EAGAIN, ring.Do(sqe with { Fd = impatient.WriteEnd }));
        ring.Next() = sqe;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("late");
        Assert.Equal(4, ring.Take().Res);
        Assert.Equal("late", output.Read());
    }

    [Theory, EveryEngine]
    public void A_full_pipe_is_waited_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("0123456789");
        pipe.Fill();
        ring.Next().PrepareSplice(file, 0, pipe.WriteEnd, -1, 4, NonBlock);
        Assert.Equal(-Errno.EAGAIN, ring.Result());
        ring.Next().PrepareSplice(file, 0, pipe.WriteEnd, -1, 4);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Read();
        Assert.Equal(4, ring.Take().Res);
        Assert.Equal("0123", pipe.Read());
    }

    [Theory]
    [EveryEngine(Opcode.Splice)]
    [EveryEngine(Opcode.Tee)]
    [EveryEngine(Opcode.Openat)]
    public void A_cancel_interrupts_what_waits_on_a_worker(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var folder = new TestFolder();
        using TestPipe pipe = new(), output = new();
        Assert.Equal(0, TestLibc.MakeFifo(folder["fifo"]));
        (int Result, int Cancel) seen = default;
        for (int attempt = 0; attempt < 50; attempt++)
        {
            ref Sqe sqe = ref ring.Next();
            _ = opcode switch
            {
                Opcode.Splice => sqe.PrepareSplice(pipe.ReadEnd, -1, output.WriteEnd, -1, 64),
                Opcode.Tee => sqe.PrepareTee(pipe.ReadEnd, output.WriteEnd, 64),
                _ => sqe.PrepareOpenat(folder, memory.PutPath(0, "fifo"), Libc.O_WRONLY | Libc.O_CREAT),
            };
            sqe.UserData = 1;
            Assert.Equal(1, ring.Submit());
            Assert.True(ring.StaysQuiet());
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            seen = (results[1], results[2]);
            if (seen != (-Errno.ECANCELED, 0)) // no worker had begun with it
                break;
        }

        Assert.Equal((Interrupted, -Errno.EALREADY), seen);
    }

    [Theory, EveryEngine]
    public void Writes_to_a_file_do_not_wait_for_a_splice_to_it(string engine)
    {
        const int Many = 40;
        using var ring = new SeamRing(engine, 64);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("0123456789");
        for (int i = 0; i < Many; i++)
            ring.Next().PrepareSplice(pipe.ReadEnd, -1, file, 0, 1);
        Assert.Equal(Many, ring.Submit());
        ring.Next().PrepareWrite(file, memory.Address, 1, 20);
        Assert.Equal(1, ring.Result());
        ring.Next().PrepareFtruncate(file, 15);
        Assert.Equal(0, ring.Result());
        pipe.Write(new string('x', Many));
        Assert.All(ring.Take(Many), cqe => Assert.Equal(1, cqe.Res));
    }

    [Theory, EveryEngine]
    public void Less_than_was_asked_for_ends_a_chain(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestPipe pipe = new(), output = new();
        pipe.Write("abcdef");
        foreach ((uint asked, int expected, int next) in ((uint, int, int)[])[(3, 3, 0), (64, 6, -Errno.ECANCELED)])
        {
            ref Sqe sqe = ref ring.Next().PrepareTee(pipe.ReadEnd, output.WriteEnd, asked);
            (sqe.UserData, sqe.Flags) = (1, SqeFlags.IoLink);
            ring.Nops(2);
            Assert.Equal(2, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Equal((expected, next), (results[1], results[2]));
        }
    }
}
