using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// As whom a thread acts: effective user and group, those that file systems look at, supplementary groups, effective capabilities. Real and
/// saved ones are not part of it; no operation asks for them.
/// </summary>
internal sealed class Credentials
{
    private readonly uint _user, _fileUser, _group, _fileGroup;
    private readonly uint[] _groups;
    private readonly ulong _capabilities;

    private Credentials()
    {
        const ulong MaySetGroups = 1 << 6, MaySetUser = 1 << 7;
        (_user, _fileUser, bool hasUser) = Libc.UserOfThread();
        (_group, _fileGroup, bool hasGroup) = Libc.GroupOfThread();
        _groups = Libc.GroupsOfThread();
        (_capabilities, ulong permitted, _) = Libc.CapabilitiesOfThread();
        // What is permitted is lost only by a thread that is root by its effective user alone, when it becomes somebody else.
        CanReturn = (hasUser || _user != 0 && (permitted & MaySetUser) != 0) && (hasGroup || (permitted & MaySetGroups) != 0);
    }

    /// <summary>Whether the thread can come back to them after it was somebody else.</summary>
    internal bool CanReturn { get; }

    internal static Credentials OfThread() => new();

    internal bool ActsAs(Credentials other) =>
        (_user, _fileUser, _group, _fileGroup, _capabilities) ==
            (other._user, other._fileUser, other._group, other._fileGroup, other._capabilities)
        && _groups.AsSpan().SequenceEqual(other._groups);

    /// <summary>
    /// The calling thread, which acts as <paramref name="current"/>, becomes these as far as it may: 0 or -EPERM, in the middle of the way.
    /// </summary>
    internal int Assume(Credentials current)
    {
        // To be root again comes first, since it allows everything after it; to be somebody else comes last for the same reason.
        if (_user == 0 && current._user != 0 && Libc.SetEffectiveUserOfThread(0) < 0)
            return -Errno.EPERM;
        (_, ulong permitted, ulong inheritable) = Libc.CapabilitiesOfThread();
        _ = Libc.SetCapabilitiesOfThread(permitted, permitted, inheritable);
        if (!_groups.AsSpan().SequenceEqual(current._groups) && Libc.SetGroupsOfThread(_groups) < 0)
            return -Errno.EPERM;
        if (_group != current._group && Libc.SetEffectiveGroupOfThread(_group) < 0)
            return -Errno.EPERM;
        if (_user != current._user && Libc.SetEffectiveUserOfThread(_user) < 0)
            return -Errno.EPERM;
        Libc.SetFileGroupOfThread(_fileGroup);
        Libc.SetFileUserOfThread(_fileUser);
        (_, permitted, inheritable) = Libc.CapabilitiesOfThread();
        if (Libc.SetCapabilitiesOfThread(_capabilities & permitted, permitted, inheritable) < 0)
            return -Errno.EPERM;
        return ActsAs(OfThread()) ? 0 : -Errno.EPERM;
    }
}
