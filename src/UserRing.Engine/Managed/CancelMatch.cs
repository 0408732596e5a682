using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// What a cancel is looking for (io_uring/cancel.c, io_cancel_req_match): one request, a ring's all, or those with the same user_data, file
/// or operation, as far as asked for.
/// </summary>
internal readonly struct CancelMatch
{
    private readonly CancelFlags _flags;
    private readonly ulong _userData;
    private readonly Opcode _opcode;
    private readonly int _file;
    private readonly Request? _exactly;

    internal CancelMatch(CancelFlags flags, ulong userData, Opcode opcode, int file)
    {
        // Without a key of another kind it is user_data that counts.
        if ((flags & (CancelFlags.Fd | CancelFlags.Op)) == 0)
            flags |= CancelFlags.UserData;
        (_flags, _userData, _opcode, _file) = (flags, userData, opcode, file);
    }

    private CancelMatch(Request request) => _exactly = request;

    /// <summary>Every request of the ring, for its release.</summary>
    internal static CancelMatch Everything => new(CancelFlags.Any, 0, default, -1);

    /// <summary>Every match, not just the first.</summary>
    internal bool All => (_flags & (CancelFlags.All | CancelFlags.Any)) != 0;

    /// <summary>A sweep takes all matches of its list together, and they count as one.</summary>
    internal bool SweepsAll => (_flags & CancelFlags.All) != 0;

    /// <summary>This very request, which somebody keeps from being used again meanwhile.</summary>
    internal static CancelMatch Exactly(Request request) => new(request);

    internal bool Matches(Request request)
    {
        if (_exactly is not null)
            return _exactly == request;
        if ((_flags & CancelFlags.Any) != 0)
            return true;
        if ((_flags & CancelFlags.Fd) != 0 && !(request.File >= 0 && Libc.IsSameOpenFile(request.File, _file)))
            return false;
        if ((_flags & CancelFlags.Op) != 0 && request.Sqe.Opcode != _opcode)
            return false;
        return (_flags & CancelFlags.UserData) == 0 || request.Sqe.UserData == _userData;
    }
}
