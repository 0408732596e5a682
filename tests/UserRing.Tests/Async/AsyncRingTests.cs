using System.Text;
using Microsoft.Win32.SafeHandles;
using UserRing.Async;

namespace UserRing.Tests.Async;

/// <summary>Operations that are awaited: what they give, how they are cancelled, and that none is forgotten.</summary>
public sealed class AsyncRingTests
{
    private static CancellationToken Patience => new CancellationTokenSource(SeamRing.Patience).Token;

    [Theory, EveryEngine]
    public async Task A_file_is_made_written_read_renamed_and_deleted(string engine)
    {
        await using AsyncRing ring = Open(engine);
        string directory = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("n")), path = Path.Combine(directory, "a");
        await ring.CreateDirectoryAsync(directory);
        using (SafeFileHandle file = await ring.OpenAsync(path, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            await ring.WriteAsync(file, Encoding.ASCII.GetBytes("hello, ring"), 0);
            await ring.FlushAsync(file);
            byte[] buffer = new byte[64];
            Assert.Equal(4, await ring.ReadAsync(file, buffer, 7));
            Assert.Equal("ring", Encoding.ASCII.GetString(buffer, 0, 4));
            Assert.Equal(0, await ring.ReadAsync(file, buffer, 11));
        }

        string other = Path.Combine(directory, "b");
        await ring.RenameAsync(path, other);
        Assert.Equal("hello, ring", File.ReadAllText(other));
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await ring.OpenAsync(path));
        await ring.DeleteAsync(other);
        await ring.DeleteDirectoryAsync(directory);
        Assert.False(Directory.Exists(directory));
    }

    [Theory, EveryEngine]
    public async Task Failures_are_the_exceptions_of_a_file_stream(string engine)
    {
        await using AsyncRing ring = Open(engine);
        string directory = Path.GetTempPath();
        FileNotFoundException missing =
            await Assert.ThrowsAsync<FileNotFoundException>(async () => await ring.DeleteAsync(directory + "/no such"));
        Assert.Contains("no such", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnauthorizedAccessException>(
            async () => await ring.OpenAsync(directory, FileMode.Open, FileAccess.ReadWrite));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(async () => await ring.OpenAsync("/proc/version/x"));
        IOException exists = await Assert.ThrowsAsync<IOException>(async () => await ring.CreateDirectoryAsync(directory));
        Assert.Equal(Abi.Errno.EEXIST, exists.HResult);
        await Assert.ThrowsAsync<ArgumentException>(async () => await ring.OpenAsync("a\0b"));
        var closed = new SafeFileHandle(-1, ownsHandle: false);
        closed.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ring.ReadAsync(closed, new byte[1], 0));
    }

    [Theory, EveryEngine]
    public async Task A_cancelled_read_ends_with_its_own_completion_and_takes_nothing(string engine)
    {
        await using AsyncRing ring = Open(engine);
        using var pipe = new TestPipe();
        using var end = new SafeFileHandle((int)pipe.ReadEnd, ownsHandle: false);
        using SafeFileHandle zero = File.OpenHandle("/dev/zero");
        byte[] buffer = new byte[8];
        for (int round = 0; round < 100; round++)
        {
            using var source = new CancellationTokenSource();
            ValueTask<int> read = ring.ReadAsync(end, buffer, -1, source.Token);
            if (round % 2 == 0)
                await ring.ReadAsync(zero, buffer, 0); // the loop has had the one before
            source.Cancel();
            OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(async () => await read);
            Assert.Equal(source.Token, cancelled.CancellationToken);
        }

        pipe.Write("mine");
        Assert.Equal(4, await ring.ReadAsync(end, buffer, -1));
    }

    [Theory, EveryEngine]
    public async Task Beyond_what_may_be_in_flight_callers_wait_in_order_and_can_be_cancelled(string engine)
    {
        await using AsyncRing ring = Open(engine, maxInFlight: 2);
        using var pipe = new TestPipe();
        using var end = new SafeFileHandle((int)pipe.ReadEnd, ownsHandle: false);
        byte[][] buffers = [.. Enumerable.Range(0, 5).Select(_ => new byte[1])];
        using var source = new CancellationTokenSource();
        Task<int>[] reads =
            [.. Enumerable.Range(0, 5).Select(i => ring.ReadAsync(end, buffers[i], -1, i == 3 ? source.Token : default).AsTask())];
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reads[3].WaitAsync(Patience));
        Assert.DoesNotContain(reads, read => read.IsCompletedSuccessfully);
        pipe.Write("abcd");
        foreach (int i in (int[])[0, 1, 2, 4])
            Assert.Equal(1, await reads[i].WaitAsync(Patience));
        Assert.Equal("abcd", string.Concat(((int[])[0, 1, 2, 4]).Select(i => (char)buffers[i][0]).Order()));
    }

    [Theory, EveryEngine]
    public async Task Disposing_ends_every_awaiter_and_refuses_what_comes_later(string engine)
    {
        using var pipe = new TestPipe();
        using var end = new SafeFileHandle((int)pipe.ReadEnd, ownsHandle: false);
        for (int round = 0; round < 20; round++)
        {
            AsyncRing ring = Open(engine, maxInFlight: 4);
            Task<int>[] reads = [.. Enumerable.Range(0, 10).Select(_ => ring.ReadAsync(end, new byte[1], -1).AsTask())];
            await ring.DisposeAsync().AsTask().WaitAsync(Patience);
            foreach (Task<int> read in reads)
                await Assert.ThrowsAsync<ObjectDisposedException>(() => read.WaitAsync(Patience));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ring.ReadAsync(end, new byte[1], -1));
            ring.Dispose();
        }
    }

    [Theory, EveryEngine]
    public async Task Many_threads_start_cancel_and_dispose_at_once_and_nobody_is_forgotten(string engine)
    {
        using var pipe = new TestPipe();
        using var end = new SafeFileHandle((int)pipe.ReadEnd, ownsHandle: false);
        using SafeFileHandle zero = File.OpenHandle("/dev/zero");
        for (int round = 0; round < 10; round++)
        {
            AsyncRing ring = Open(engine, maxInFlight: 16);
            int ended = 0, started = 0;
            Task[] users = [.. Enumerable.Range(0, 4).Select(seed => Task.Run(() => Use(seed)))];
            await Task.WhenAny(users).WaitAsync(Patience);
            await ring.DisposeAsync().AsTask().WaitAsync(Patience);
            await Task.WhenAll(users).WaitAsync(Patience);
            Assert.Equal(started, ended);
            Assert.True(started > 100, $"{started} operations");

            async Task Use(int seed)
            {
                var random = new Random(seed);
                try
                {
                    for (int i = 0; i < 400; i++)
                    {
                        using var source = new CancellationTokenSource();
                        ValueTask<int> read = ring.ReadAsync(random.Next(3) == 0 ? end : zero, new byte[16], -1, source.Token);
                        Interlocked.Increment(ref started);
                        if (random.Next(2) == 0)
                            Thread.SpinWait(random.Next(500));
                        source.Cancel();
                        await Ended(read);
                    }
                }
                catch (ObjectDisposedException)
                {
                    // As it was disposed meanwhile.
                }
            }

            async Task Ended(ValueTask<int> read)
            {
                try
                {
                    Assert.Equal(16, await read);
                }
                catch (Exception expected) when (expected is OperationCanceledException or ObjectDisposedException)
                {
                    // Either is an end.
                }
                finally
                {
                    Interlocked.Increment(ref ended);
                }
            }
        }
    }

    [Theory, EveryEngine(InPlace = true)]
    public async Task On_the_loop_an_operation_costs_no_memory(string engine)
    {
        const int Rounds = 2000;
        await using AsyncRing ring = Open(engine);
        using SafeFileHandle zero = File.OpenHandle("/dev/zero");
        byte[] buffer = new byte[16];
        long spent = long.MaxValue;
        for (int attempt = 0; attempt < 5 && spent > 0; attempt++)
        {
            do
                await ring.ReadAsync(zero, buffer, 0).ConfigureAwait(false);
            while (Thread.CurrentThread.Name != "UserRing"); // until it goes on on the loop: a read may end before it is awaited
            long before = GC.GetAllocatedBytesForCurrentThread();
            int thread = Environment.CurrentManagedThreadId;
            for (int i = 0; i < Rounds; i++)
                await ring.ReadAsync(zero, buffer, 0).ConfigureAwait(false);
            spent = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
        }

        Assert.Equal(0, spent);
    }

    [Theory, EveryEngine]
    public async Task An_open_that_a_worker_waits_in_is_cancelled_and_ended_by_disposal(string engine)
    {
        using var folder = new TestFolder();
        string fifo = Path.Combine(folder.Path, "fifo");
        Assert.Equal(0, TestLibc.MakeFifo(fifo));
        AsyncRing ring = Open(engine);
        using var source = new CancellationTokenSource();
        // With O_CREAT the request goes to a worker, which waits there for a reader.
        Task<SafeFileHandle> cancelled = ring.OpenAsync(fifo, FileMode.OpenOrCreate, FileAccess.Write, source.Token).AsTask();
        Task<SafeFileHandle> left = ring.OpenAsync(fifo, FileMode.OpenOrCreate, FileAccess.Write).AsTask();
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Assert.False(left.IsCompleted);
        await ring.DisposeAsync().AsTask().WaitAsync(Patience);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => left.WaitAsync(Patience));
    }

    [Theory, EveryEngine]
    public async Task Continuations_run_on_the_loop_or_if_asked_on_the_thread_pool_or_where_the_awaiter_belongs(string engine)
    {
        using var pipe = new TestPipe();
        using var end = new SafeFileHandle((int)pipe.ReadEnd, ownsHandle: false);
        await using AsyncRing ring = Open(engine);
        await using var pooled = new AsyncRing(new AsyncRingOptions { Engine = TestEngines.Get(engine), ContinueOnThreadPool = true });
        Assert.Equal("UserRing", await ThreadOf(ring));
        Assert.NotEqual("UserRing", await ThreadOf(pooled));
        var context = new PostCounter();
        SynchronizationContext.SetSynchronizationContext(context);
        Task<int> read;
        try
        {
            read = Read(); // awaits in the context
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }

        pipe.Write("x");
        Assert.Equal(1, await read.WaitAsync(Patience));
        Assert.Equal(1, context.Posts);

        async Task<int> Read() => await ring.ReadAsync(end, new byte[1], -1);

        async Task<string?> ThreadOf(AsyncRing one)
        {
            ValueTask<int> waits = one.ReadAsync(end, new byte[1], -1);
            Task<string?> name = NameAfter(waits);
            pipe.Write("x");
            return await name.WaitAsync(Patience);
        }

        static async Task<string?> NameAfter(ValueTask<int> waits)
        {
            await waits.ConfigureAwait(false);
            return Thread.CurrentThread.Name;
        }
    }

    [Fact]
    public async Task The_shared_ring_serves_everybody_and_is_not_disposed()
    {
        using SafeFileHandle zero = File.OpenHandle("/dev/zero");
        Assert.Equal(3, await AsyncRing.Shared.ReadAsync(zero, new byte[3], 0));
        Assert.Throws<InvalidOperationException>(AsyncRing.Shared.Dispose);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await AsyncRing.Shared.DisposeAsync());
        Assert.Equal(3, await AsyncRing.Shared.ReadAsync(zero, new byte[3], 0));
    }

    private sealed class PostCounter : SynchronizationContext
    {
        public int Posts { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Posts++;
            base.Post(d, state);
        }
    }

    private static AsyncRing Open(string engine, int maxInFlight = 256) =>
        new(new AsyncRingOptions { Engine = TestEngines.Get(engine), Entries = 32, MaxInFlight = maxInFlight });
}
