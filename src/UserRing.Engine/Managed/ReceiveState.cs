namespace UserRing.Engine.Managed;

/// <summary>Where a receive into provided buffers has got to. Part of the request: it lasts from attempt to attempt.</summary>
internal struct ReceiveState
{
    /// <summary>Of a multishot receive with a limit: how many bytes it may still receive; else 0.</summary>
    internal uint Left;

    /// <summary>How many bytes the next buffers are to be for; 0: as many as they hold.</summary>
    internal uint Length;

    /// <summary>
    /// How many buffers a bundle takes when nobody knows how much there is: what it took at most before, and one at first.
    /// </summary>
    internal int Room;

    /// <summary>How many iovecs the request's vector has memory for.</summary>
    internal int Capacity;

    /// <summary>Of a bundle: it was received from once more, into further buffers, for the same completion.</summary>
    internal bool HasGoneOn;

    /// <summary>Of a bundle: its last buffer was cut to what there is.</summary>
    internal bool IsCut;

    /// <summary>Of a multishot bundle: it has received what its length allows for one turn.</summary>
    internal bool IsCapped;

    /// <summary>Of a multishot RECVMSG: the message just received carried nothing, which ends it.</summary>
    internal bool IsLastMessage;
}
