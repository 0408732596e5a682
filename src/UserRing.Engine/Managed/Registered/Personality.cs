using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// Credentials that a program registered, for requests that are to act with them. In process they are usually those that every thread has;
/// then nothing has to be done. Where they differ the request runs on a worker, which assumes them for its time.
/// </summary>
internal sealed class Personality(Credentials credentials)
{
    /// <summary>Whether the calling thread acts so anyway.</summary>
    internal bool IsCurrent => credentials.ActsAs(Credentials.OfThread());

    /// <summary>On a worker thread: issues a request with these credentials. It fails with EPERM if the thread may not have them.</summary>
    internal IssueOutcome Issue(in OpRow row, Request request, IssueBatch batch, IssueMode mode)
    {
        // A program that changes its user has libc tell every thread. It waits until this one is itself again: told in the middle, the
        // thread would go back to what it was before, and keep rights that the program gave up.
        Libc.HoldCredentialChanges(true);
        try
        {
            Credentials own = Credentials.OfThread();
            if (own.ActsAs(credentials))
                return OpTable.Issue(row, request, batch, mode);
            int error = own.CanReturn ? credentials.Assume(own) : -Errno.EPERM;
            IssueOutcome outcome = IssueOutcome.Done;
            if (error == 0)
                outcome = OpTable.Issue(row, request, batch, mode);
            else
                request.Result = error;
            // It could leave them, so it can take them again; if not, other requests would run with rights that are not theirs.
            if (own.CanReturn && own.Assume(Credentials.OfThread()) < 0)
                Environment.FailFast("A worker cannot take its own credentials again.");
            return outcome;
        }
        finally
        {
            Libc.HoldCredentialChanges(false);
        }
    }
}

/// <summary>The personalities of a ring by id. Submit lock held.</summary>
internal sealed class PersonalityTable
{
    private readonly Dictionary<ushort, Personality> _known = [];
    private int _next = 1;

    /// <summary>The id of the caller's credentials, from 1 on and each number once before any comes again: id or -EBUSY.</summary>
    internal int Register(Caller caller)
    {
        if (_known.Count == RingLimits.MaxPersonality)
            return -Errno.EBUSY;
        while (_known.ContainsKey((ushort)_next))
            Advance();
        int id = _next;
        _known.Add((ushort)id, new Personality(caller.CurrentCredentials()));
        Advance();
        return id;
    }

    internal int Unregister(uint id) => id <= RingLimits.MaxPersonality && _known.Remove((ushort)id) ? 0 : -Errno.EINVAL;

    internal Personality? Find(ushort id) => _known.GetValueOrDefault(id);

    private void Advance() => _next = _next == RingLimits.MaxPersonality ? 1 : _next + 1;
}
