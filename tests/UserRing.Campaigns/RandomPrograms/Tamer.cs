using UserRing.Abi;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// Replaces requests of a batch whose outcome the kernel does not determine: those that race others under way, and those that ask what
/// state something is in whose state nobody can know. Everything else goes through as it is.
/// </summary>
internal sealed class Tamer(Tracker tracker, RequestShape[] requests, BatchState state)
{
    private const CancelFlags Keys = CancelFlags.All | CancelFlags.Any | CancelFlags.Fd | CancelFlags.Op;

    private const CancelFlags Every = CancelFlags.All | CancelFlags.Any;

    private readonly int _first = tracker.Members.Count;
    private readonly bool _isCalm = state.IsAlone && !tracker.IsMurky && !tracker.HasDrained
        && Array.TrueForAll(requests, request => request.IsInstant && !request.Is(SqeFlags.IoDrain) && !ReportsLater(request));

    private readonly bool _isPressed = !state.Reaps
        || Array.Exists(requests, request => request.Kind == Kind.Cancel || request is { Kind: Kind.Timeout, Count: > 0 });

    /// <summary>The batch as it goes to the engine.</summary>
    public RequestShape Tame(int index)
    {
        RequestShape tame = Tame(requests[index]);
        // A chain that the batch does not end is started by a worker: not at once.
        return _isPressed && index == requests.Length - 1
            ? tame with { Flags = tame.Flags & ~(SqeFlags.IoLink | SqeFlags.IoHardlink) }
            : tame;
    }

    private RequestShape Tame(RequestShape shape)
    {
        Chain? chain = tracker.OpenChain;
        if (!state.Reaps && !shape.IsInstant || Claims.Of(shape).Clash(tracker.ClaimedBesides(chain)))
            return Nothing(shape);
        if ((state.HasUnread || tracker.HasDrained) && ReportsLater(shape))
            return Nothing(shape); // whether there is room for its report depends on which of the others come before it
        bool isHead = chain is null;
        switch (shape.Kind)
        {
            case Kind.Cancel:
                return IsDetermined(shape, isHead) ? shape : Nothing(shape);
            case Kind.Timeout when shape.Count > 0 && (shape.Extra & (int)TimeoutFlags.Multishot) == 0:
                return _isCalm && isHead && !state.IsPolled ? shape with { IsShort = false } : Nothing(shape);
            case Kind.Timeout when _isPressed:
                return shape with { IsShort = false };
            case Kind.LinkTimeout when _isPressed || chain is not null && !IsCertain(chain.Members[^1].Shape):
                return shape with { IsShort = false };
            default:
                return shape;
        }
    }

    /// <summary>What a multishot poll finds ready at once it reports when the batch is over, or has just been cancelled.</summary>
    private static bool ReportsLater(RequestShape shape) => shape is { Kind: Kind.Poll, Count: > 0 }
        || shape.Kind == Kind.Timeout && (shape.Extra & (int)TimeoutFlags.Multishot) != 0;

    private static RequestShape Nothing(RequestShape shape) => new() { Flags = shape.Flags & ~(SqeFlags.FixedFile | SqeFlags.Async) };

    /// <summary>Whether a short time decides nothing by chance: its target ends at once, or not at all.</summary>
    private static bool IsCertain(RequestShape target) => target.IsInstant && target.Kind is not (Kind.Timeout or Kind.LinkTimeout);

    /// <summary>How many a cancel of one of several may find. Which it takes depends on how they are kept.</summary>
    private int Candidates() => tracker.Members.Count(member => !member.IsEnded && member.Shape.MayWait);

    private bool IsDetermined(RequestShape shape, bool isHead)
    {
        bool isCalmHead = _isCalm && isHead && !shape.Is(SqeFlags.Async);
        var flags = (CancelFlags)shape.Extra;
        if ((flags & Keys) != 0)
            return isCalmHead && ((flags & Every) != 0 || Candidates() <= 1);
        if (tracker.Find(tracker.Members.Count - shape.Count) is not { } victim)
            return true;
        if (Tracker.IsMurkyOne(victim))
            return false;
        bool isEarlier = victim.Number < _first && victim.IsSubmitted && (victim.IsEnded || victim.Chain.IsStarted)
            && victim.Shape.Count == 0;
        return isEarlier || isCalmHead && victim.Chain.Members[0] == victim;
    }
}

/// <summary>What a batch is submitted into.</summary>
/// <param name="IsAlone">Nothing is left over from a batch before.</param>
/// <param name="Reaps">Its completions are waited for and taken.</param>
/// <param name="IsPolled">A thread of the engine takes it.</param>
/// <param name="HasUnread">The CQ is not empty.</param>
internal readonly record struct BatchState(bool IsAlone, bool Reaps, bool IsPolled, bool HasUnread);
