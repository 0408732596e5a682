using UserRing.Abi;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// How often programs came into the situations for which they are made. A generator that never gets there finds nothing and says that
/// all is well.
/// </summary>
internal sealed class Situations
{
    private readonly Dictionary<string, int> _counts = [];

    /// <summary>What must occur, and how often at least in ten thousand programs: about a third of what was counted.</summary>
    private static readonly (string Name, int Floor)[] Wanted =
    [
        (BrokenChain, 1700), (ShortInChain, 600), (TimeoutWon, 15), (TimeoutLost, 550), (CancelFound, 65), (CancelLate, 950),
        (DrainBehindParked, 650), (Overflow, 7), (Refused, 400), (FixedFile, 950), (ReadyLater, 500), (Silent, 280), (Multishot, 6),
        (Asynchronous, 950),
    ];

    private const string BrokenChain = "chain broken", ShortInChain = "short transfer in a chain", TimeoutWon = "link timeout won",
        TimeoutLost = "link timeout lost", CancelFound = "cancel found", CancelLate = "cancel came late",
        DrainBehindParked = "drain behind a parked request", Overflow = "CQ overflow",
        Refused = "refused in preparation",
        FixedFile = "fixed file used", ReadyLater = "parked, then ready", Silent = "silent success", Multishot = "multishot went on",
        Asynchronous = "asked for a worker";

    public int Programs { get; private set; }

    public void Count(ProgramRun run)
    {
        Programs++;
        Add(Overflow, run.Overflows);
        foreach (Chain chain in run.Tracker.Chains)
        {
            Add(DrainBehindParked, chain.WaitedForOthers && chain.Head is null ? 1 : 0);
            for (int i = 0; i < chain.Members.Count; i++)
            {
                Member member = chain.Members[i], before = chain.Members[Math.Max(i - 1, 0)];
                Count(member);
                if (i == 0 || !before.HasResult || !member.HasResult)
                    continue;
                Add(BrokenChain, before.Shape.Is(SqeFlags.IoLink) && before.Result != -Errno.ECANCELED
                    && member.Result == -Errno.ECANCELED && member.Shape.Kind != Kind.LinkTimeout ? 1 : 0);
                if (member.Shape.Kind == Kind.LinkTimeout)
                {
                    Add(TimeoutWon, member.Result == -Errno.ETIME ? 1 : 0);
                    Add(TimeoutLost, member.Result == -Errno.ECANCELED && before.Result != -Errno.ECANCELED ? 1 : 0);
                }
            }
        }
    }

    private void Count(Member member)
    {
        RequestShape shape = member.Shape;
        Add(Silent, member.IsEnded && !member.HasResult && shape.Is(SqeFlags.CqeSkipSuccess) ? 1 : 0);
        if (!member.HasResult)
            return;
        bool isTransfer = shape.Kind is Kind.ReadStream or Kind.WriteStream or Kind.ReadFile or Kind.WriteFile && shape.Flaw == Flaw.None;
        Add(ShortInChain, isTransfer && shape.Links && member.Result >= 0 && member.Result < shape.Length ? 1 : 0);
        Add(ReadyLater, isTransfer && member.Result > 0 && member.WasTouched ? 1 : 0);
        Add(FixedFile, shape.Is(SqeFlags.FixedFile) && member.Result >= 0 ? 1 : 0);
        Add(Asynchronous, shape.Is(SqeFlags.Async) && member.Result >= 0 ? 1 : 0);
        Add(Refused, shape.Flaw != Flaw.None && member.Result == -Errno.EINVAL ? 1 : 0);
        Add(Multishot, member.Completions.Count - 1);
        if (shape.Kind != Kind.Cancel)
            return;
        bool findsAll = (shape.Extra & (int)(CancelFlags.All | CancelFlags.Any)) != 0;
        Add(CancelFound, member.Result > 0 || member.Result == 0 && !findsAll ? 1 : 0);
        Add(CancelLate, member.Result == -Errno.ENOENT ? 1 : 0);
    }

    /// <summary>What has occurred, a line for each.</summary>
    public override string ToString() => string.Join(
        '\n', Wanted.Select(wanted => $"{_counts.GetValueOrDefault(wanted.Name),8} {wanted.Name} (at least {LeastOf(wanted.Floor)})"));

    /// <summary>What has occurred too rarely; nothing is said of a handful of programs.</summary>
    public IEnumerable<string> TooRare() => from wanted in Wanted
        where _counts.GetValueOrDefault(wanted.Name) < LeastOf(wanted.Floor)
        select wanted.Name;

    private int LeastOf(int floor) => (int)((long)floor * Programs / 10_000);

    private void Add(string situation, int count) => _counts[situation] = _counts.GetValueOrDefault(situation) + count;
}
