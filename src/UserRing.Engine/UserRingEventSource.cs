using System.Diagnostics.Tracing;

namespace UserRing.Engine;

/// <summary>The event source "UserRing". Event 1: Auto fell back to the managed engine, once per process and reason.</summary>
[EventSource(Name = "UserRing")]
internal sealed class UserRingEventSource : EventSource
{
    internal static readonly UserRingEventSource Log = new();

    private readonly HashSet<string> _said = [];

    private UserRingEventSource()
    {
    }

    /// <summary>Says it unless it was said before; a reason that nobody was there to hear is said the next time.</summary>
    [NonEvent]
    internal void FellBackOnce(FallbackReason reason)
    {
        if (!IsEnabled())
            return;
        lock (_said)
        {
            if (!_said.Add(reason.Key))
                return;
        }

        FellBack(reason.Message, reason.ErrorNumber);
    }

    [Event(1, Level = EventLevel.Warning, Message = "{0}")]
    private void FellBack(string reason, int errorNumber) => WriteEvent(1, reason, errorNumber);
}
