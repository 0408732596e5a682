using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>A request of a running program, and what became of it.</summary>
internal sealed class Member(int number, RequestShape shape, Chain chain)
{
    public int Number { get; } = number;

    public RequestShape Shape { get; } = shape;

    public Chain Chain { get; } = chain;

    /// <summary>Its completions: when, res, flags.</summary>
    public List<(int Order, int Res, CqeFlags Flags)> Completions { get; } = [];

    public bool IsEnded { get; set; }

    /// <summary>Was seen able to end, and so will.</summary>
    public bool IsDue { get; set; }

    /// <summary>Said nothing for so long that nothing is to be expected, until something happens to it.</summary>
    public bool IsPresumedQuiet { get; set; }

    public bool IsSubmitted { get; set; }

    /// <summary>It was under way when the last descriptor of its end was closed, and keeps the end open.</summary>
    public bool HoldsClosed { get; set; }

    /// <summary>Something happened to its stream while it was under way.</summary>
    public bool WasTouched { get; set; }

    /// <summary>Completions there had been when it was submitted.</summary>
    public int Before { get; set; }

    /// <summary>Ended with a completion.</summary>
    public bool HasResult => IsEnded && Completions.Count > 0;

    public int Result => Completions[^1].Res;

    /// <summary>Its last completion's place among all.</summary>
    public int Order => Completions[^1].Order;
}

/// <summary>Requests of which each starts when the one before it has ended; mostly a single one.</summary>
internal sealed class Chain
{
    public List<Member> Members { get; } = [];

    public Claims Claims { get; private set; }

    /// <summary>A success may leave no trace, so that nothing tells for certain when it has ended.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Not at once, though its flags do not say so.</summary>
    public bool StartsOnWorker { get; set; }

    /// <summary>Submitted, and not held back by a drain.</summary>
    public bool IsStarted { get; set; }

    public bool IsDrained { get; set; }

    /// <summary>Was drained, and something was under way.</summary>
    public bool WaitedForOthers { get; set; }

    public bool IsPresumedQuiet => Members.TrueForAll(member => member.IsPresumedQuiet);

    public bool IsEnded => Members.TrueForAll(member => member.IsEnded);

    /// <summary>First that has not ended.</summary>
    public Member? Head => Members.Find(member => !member.IsEnded);

    public void Add(Member member)
    {
        Members.Add(member);
        Claims = Claims.And(RandomPrograms.Claims.Of(member.Shape));
        IsSilent |= member.Shape.Is(SqeFlags.CqeSkipSuccess);
    }
}

/// <summary>What is to be expected of a program that does nothing.</summary>
internal enum Outlook
{
    /// <summary>Nothing.</summary>
    Quiet,

    /// <summary>Perhaps something.</summary>
    Unsure,

    /// <summary>Certainly something.</summary>
    Sure,
}

/// <summary>
/// The requests of a running program: which have ended, which wait for something that will not happen by itself, and which are bound to
/// end. So a run can wait exactly as long as there is something to wait for.
/// </summary>
internal sealed class Tracker(World world)
{
    private readonly List<Chain> _chains = [];
    private readonly List<Member> _members = [];
    private readonly Drain _drain = new();
    private bool _isChainOpen;

    public IReadOnlyList<Member> Members => _members;

    public IReadOnlyList<Chain> Chains => _chains;

    /// <summary>Completions so far, and those of them that are no timeouts.</summary>
    public int Completed { get; private set; }

    public Member? Find(int number) => number >= 0 && number < _members.Count ? _members[number] : null;

    /// <summary>Nothing is left in the SQ: a chain that was begun is ended, and the kernel starts it on a worker.</summary>
    public void EndChain()
    {
        if (_isChainOpen)
            _chains[^1].StartsOnWorker = true;
        _isChainOpen = false;
    }

    /// <summary>The chain that a request queued now becomes part of, if it continues one.</summary>
    public Chain? OpenChain => _isChainOpen ? _chains[^1] : null;

    public Member Add(RequestShape shape)
    {
        if (!_isChainOpen)
            _chains.Add(new Chain());
        var member = new Member(_members.Count, shape, _chains[^1]);
        _members.Add(member);
        _chains[^1].Add(member);
        _isChainOpen = shape.Links;
        return member;
    }

    /// <summary>The engine has taken its SQE.</summary>
    public void Submitted(Member member)
    {
        member.IsSubmitted = true;
        member.Before = Completed;
        if (member == member.Chain.Members[0])
            _drain.Take(member.Chain);
    }

    /// <summary>What comes now may not be carried out at once.</summary>
    public bool HasDrained => _drain.WasActive;

    /// <summary>Claims of all chains under way but one.</summary>
    public Claims ClaimedBesides(Chain? own)
    {
        Claims all = default;
        foreach (Chain chain in _chains)
        {
            if (chain != own && (chain.IsSilent || !chain.IsEnded))
                all = all.And(chain.Claims);
        }

        return all;
    }

    public void Complete(in Cqe cqe)
    {
        Member? member = Find((int)cqe.UserData - 1);
        Assert.True(member is not null, $"a completion of nothing: {cqe.UserData}, res {cqe.Res}");
        member.Completions.Add((Completed++, cqe.Res, cqe.Flags));
        member.IsEnded |= (cqe.Flags & CqeFlags.More) == 0;
        member.IsDue = false;
        foreach (Member other in _members)
            other.IsPresumedQuiet = false;
        EndSilentOnes(member);
        _drain.Release();
    }

    private static void EndSilentOnes(Member member)
    {
        if (!member.IsEnded || member.Shape.Kind == Kind.LinkTimeout)
            return;
        // Those before it that were silent have ended as well.
        foreach (Member before in member.Chain.Members)
        {
            if (before == member)
                break;
            before.IsEnded |= before.Shape.Is(SqeFlags.CqeSkipSuccess);
        }

        // One that was to be silent and is not has failed, and silences the rest in its place.
        int index = member.Chain.Members.IndexOf(member);
        bool silences = member.Shape.Is(SqeFlags.CqeSkipSuccess) && !member.Shape.Is(SqeFlags.IoHardlink)
            && (index == 0 || member.Result != -Errno.ECANCELED);
        for (int i = index + 1; silences && i < member.Chain.Members.Count; i++)
            member.Chain.Members[i].IsEnded = true;
    }

    /// <summary>What can already end will, whoever is asked.</summary>
    public void LookAhead()
    {
        foreach (Chain chain in _chains)
        {
            if (!chain.IsStarted && chain.Head is { } head && CanEnd(head))
                head.IsDue = true;
        }
    }

    /// <summary>Something that may wait was handed to a worker, and nobody can see whether it has arrived where it waits.</summary>
    public bool IsMurky => _members.Exists(IsMurkyOne);

    /// <summary>A poll under way reports more than once.</summary>
    public bool HasMultishot => _members.Exists(member => !member.IsEnded && member.Shape is { Kind: Kind.Poll, Count: > 0 });

    public static bool IsMurkyOne(Member member) => !member.IsEnded && member.Shape.MayWait
        && (member.Shape.Is(SqeFlags.Async) || member.Chain.StartsOnWorker);

    /// <summary>How many requests under way may take bytes from a stream, or room in it.</summary>
    public int Takers(int stream) => _members.Count(
        member => !member.IsEnded && member.Shape.Kind is Kind.ReadStream or Kind.WriteStream && member.Shape.Target == stream
            && member.Chain.Head == member);

    /// <summary>Something happened to a stream: whether that matters to anybody.</summary>
    public bool Touch(int stream)
    {
        bool any = false;
        foreach (Chain chain in _chains)
        {
            if (chain.IsEnded || !chain.Claims.Includes(stream))
                continue;
            any = true;
            foreach (Member member in chain.Members)
            {
                member.IsPresumedQuiet = false;
                member.WasTouched |= !member.IsEnded;
                member.HoldsClosed |= member.Shape.UsesStream && chain.IsStarted && chain.Head == member && NumberOf(member) < 0;
                member.IsDue = member.Shape.Kind == Kind.Poll && !member.IsEnded && chain.IsStarted && Readiness(member) != 0;
            }
        }

        return any;
    }

    public void PresumeQuiet()
    {
        foreach (Member member in _members)
        {
            if (member.IsEnded || !member.IsSubmitted)
                continue;
            member.IsPresumedQuiet = true;
            member.IsDue = false;
        }
    }

    /// <summary>Of which something is expected.</summary>
    public Member? Last { get; private set; }

    /// <summary>Whether something is still to be expected without anything being done for it.</summary>
    public Outlook Outlook()
    {
        Outlook all = _drain.WaitsForUnknown ? RandomPrograms.Outlook.Unsure : RandomPrograms.Outlook.Quiet;
        foreach (Chain chain in _chains)
        {
            if (chain.IsEnded || !chain.Members[0].IsSubmitted)
                continue;
            // Whether the kernel, too, holds back what is held back here depends on what it refused.
            bool mayStart = !chain.IsStarted && !chain.IsPresumedQuiet;
            Outlook one = chain.IsStarted ? OutlookOf(chain) : mayStart ? RandomPrograms.Outlook.Unsure : RandomPrograms.Outlook.Quiet;
            all = (Outlook)Math.Max((int)all, (int)one);
        }

        return all;
    }

    private Outlook OutlookOf(Chain chain)
    {
        bool isUnsure = false;
        for (int i = 0; i < chain.Members.Count; i++)
        {
            Member member = chain.Members[i];
            if (member.IsEnded)
                continue;
            if (member.IsPresumedQuiet)
                return RandomPrograms.Outlook.Quiet;
            if (chain.IsSilent)
                return RandomPrograms.Outlook.Unsure; // which of them it has come to cannot be seen
            if (member.IsDue || CanEnd(member))
            {
                member.IsDue = true;
                bool isSilent = member.Shape.Is(SqeFlags.CqeSkipSuccess);
                if (isSilent && member.Shape.IsInstant && !member.Shape.MayWait && !chain.StartsOnWorker)
                {
                    member.IsDue = false;
                    isUnsure = true; // has ended, or its failure would be seen
                    continue;
                }

                bool isSure = !isUnsure && !chain.IsSilent && !_drain.WasActive && !member.HoldsClosed && IsSure(member.Shape);
                if (isSure)
                    Last = member;
                return isSure ? RandomPrograms.Outlook.Sure : RandomPrograms.Outlook.Unsure;
            }

            bool isTimed = i + 1 < chain.Members.Count && !chain.Members[i + 1].IsEnded
                && chain.Members[i + 1].Shape is { Kind: Kind.LinkTimeout, IsShort: true };
            return isTimed ? RandomPrograms.Outlook.Unsure : RandomPrograms.Outlook.Quiet;
        }

        return RandomPrograms.Outlook.Quiet;
    }

    private static bool IsSure(RequestShape shape) =>
        !shape.MayWait || shape.Flaw == Flaw.None && !shape.IsNoWait
            && (shape.Kind == Kind.Timeout ? shape.Count == 0 : shape is not { Kind: Kind.Poll, Count: > 0 });

    /// <summary>Whether a request, once started, ends by itself.</summary>
    private bool CanEnd(Member member)
    {
        RequestShape shape = member.Shape;
        if (shape.Flaw != Flaw.None || !shape.MayWait)
            return true;
        switch (shape.Kind)
        {
            case Kind.Timeout:
                bool isMultishot = (shape.Extra & (int)TimeoutFlags.Multishot) != 0;
                return shape.IsShort || shape.Count > 0 && !isMultishot && Completed - member.Before >= shape.Count;
            case Kind.Poll:
                return member.Completions.Count == 0 && Readiness(member) != 0;
            default:
                return shape.Length == 0 || shape.IsNoWait || Readiness(member) != 0;
        }
    }

    private int Readiness(Member member)
    {
        RequestShape shape = member.Shape;
        Stream stream = world[shape.Target];
        int events = shape.Kind switch
        {
            Kind.ReadStream => Libc.POLLIN,
            Kind.WriteStream => Libc.POLLOUT,
            _ => shape.Extra,
        };
        if (member.HoldsClosed)
            return stream.IsClosed ? 1 : 0; // only the other end's closing ends it
        int number = NumberOf(member);
        return number < 0 ? 1 : Stream.Events(number, events);
    }

    private int NumberOf(Member member)
    {
        Stream stream = world[member.Shape.Target];
        return member.Shape.WritesStream ? stream.Writes : stream.Reads;
    }
}
