using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>
/// A call that is expected to block, on a thread of its own. Its answer is waited for within bounds, so that a call which
/// never returns fails the test and not the run.
/// </summary>
internal sealed class TestThread<T>
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _id = new();

    public TestThread(Func<T> call)
    {
        var thread = new Thread(() =>
        {
            _id.SetResult(Libc.Gettid());
            try
            {
                _answer.SetResult(call());
            }
            catch (Exception failure)
            {
                _answer.SetException(failure);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
    }

    public bool IsDone => _answer.Task.IsCompleted;

    /// <summary>What the call answered; throws what it threw.</summary>
    public T Answer
    {
        get
        {
            Assert.True(((IAsyncResult)_answer.Task).AsyncWaitHandle.WaitOne(SeamRing.Patience), "the call did not return");
            return _answer.Task.GetAwaiter().GetResult();
        }
    }

    /// <summary>Until the thread is asleep in a system call; what it does there cannot be seen from outside.</summary>
    public void AwaitSleep()
    {
        string stat = $"/proc/self/task/{_id.Task.Result}/stat";
        Until.True(() => IsDone || StateIn(stat) == 'S', "the thread sleeps");
    }

    public void Send(int signal) => Assert.Equal(0, Libc.Tgkill(Environment.ProcessId, _id.Task.Result, signal));

    /// <summary>Sends a signal until the call has returned: one may come before the call has begun to wait.</summary>
    public T Interrupted(int signal)
    {
        Until.True(
            () =>
            {
                if (!IsDone)
                    _ = Libc.Tgkill(Environment.ProcessId, _id.Task.Result, signal);
                return ((IAsyncResult)_answer.Task).AsyncWaitHandle.WaitOne(20);
            },
            "a signal ends the call");
        return Answer;
    }

    private static char StateIn(string stat)
    {
        try
        {
            string text = File.ReadAllText(stat);
            return text[text.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return 'X';
        }
    }
}

/// <summary>Starts a <see cref="TestThread{T}"/>.</summary>
internal static class TestThread
{
    public static TestThread<T> Start<T>(Func<T> call) => new(call);
}

/// <summary>Waits for a condition that another thread or the engine brings about.</summary>
internal static class Until
{
    public static void True(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, SeamRing.Patience), $"never came true: {what}");
}
