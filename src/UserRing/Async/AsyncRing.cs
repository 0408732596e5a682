using System.Runtime.Versioning;
using UserRing.Engine;

namespace UserRing.Async;

/// <summary>
/// Operations on files and names to be awaited, on a ring of their own with one thread that submits and reaps. The same on either engine.
/// </summary>
/// <remarks>
/// <para>All members from any thread, at any time. Continuations run on the ring's thread unless
/// <see cref="AsyncRingOptions.ContinueOnThreadPool"/> says otherwise or the awaiter has a context of its own: do not block there.</para>
/// <para>A buffer is the engine's and a handle stays open until the operation has completed, also if it was cancelled: cancelling asks for
/// its end, and the task ends with it. If the operation was faster its result is returned.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed partial class AsyncRing : IAsyncDisposable, IDisposable
{
    private static readonly Lazy<AsyncRing> SharedRing = new(() => new AsyncRing());

    private readonly Reactor _reactor;

    /// <summary>Makes a ring and starts its thread.</summary>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="RingException">The engine refused; the message names the likely cause.</exception>
    public AsyncRing(AsyncRingOptions? options = null) => _reactor = new Reactor(options ?? new AsyncRingOptions());

    /// <summary>One ring for all who do not care. Disposing it is refused.</summary>
    public static AsyncRing Shared => SharedRing.Value;

    /// <summary>The engine that serves the ring: after Auto, the one it chose.</summary>
    public IRingEngine Engine => _reactor.Ring.Engine;

    /// <summary>Why Auto did not choose the kernel; null if it did or was not asked.</summary>
    public FallbackReason? FallbackReason => _reactor.Ring.FallbackReason;

    /// <summary>
    /// Cancels what is in flight and waits until all of it has completed. Whoever awaits an operation gets its result, or
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is <see cref="Shared"/>.</exception>
    public ValueTask DisposeAsync()
    {
        ThrowIfShared();
        return new ValueTask(_reactor.Stop());
    }

    /// <summary>As <see cref="DisposeAsync"/>. On the ring's own thread, which cannot wait for itself, it only begins.</summary>
    /// <exception cref="InvalidOperationException">It is <see cref="Shared"/>.</exception>
    public void Dispose()
    {
        ThrowIfShared();
        _reactor.Dispose();
    }

    private void ThrowIfShared()
    {
        if (SharedRing.IsValueCreated && ReferenceEquals(SharedRing.Value, this))
            throw new InvalidOperationException("The shared ring lasts as long as the process.");
    }
}
