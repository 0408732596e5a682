using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>A futex word in native memory: its address stays put, and the collector never waits for its sleepers.</summary>
internal sealed unsafe class FutexWord
{
    /// <summary>A time that never comes, of which no kernel's arithmetic overflows.</summary>
    internal static readonly KernelTimespec ForEver = new() { TvSec = 1L << 32 };

    private readonly uint* _word = (uint*)NativeMemory.AlignedAlloc(64, 64);

    internal FutexWord() => *_word = 0;

    internal uint Value => Volatile.Read(ref *_word);

    /// <summary>Moves the word, so that nobody goes to sleep on its old value.</summary>
    internal void Advance() => Interlocked.Increment(ref *_word);

    internal void WakeAll() => Libc.FutexWake((nuint)_word, int.MaxValue);

    /// <summary>Sleeps while the word still is <paramref name="seen"/>: 0 or -EAGAIN, -EINTR, -ETIMEDOUT.</summary>
    internal int Wait(uint seen, bool timed, KernelTimespec relative) =>
        Libc.FutexWait((nuint)_word, seen, timed ? &relative : null);

    /// <summary>
    /// The same for ever, or until a signal comes: an untimed wait would be taken up again after one whose handler says SA_RESTART.
    /// </summary>
    internal int WaitInterruptibly(uint seen) => Wait(seen, timed: true, ForEver);

    /// <summary>No sleeper may be left.</summary>
    internal void Free() => NativeMemory.AlignedFree(_word);
}
