namespace UserRing.Benchmarks.Echo;

/// <summary>How much is echoed: every connection sends message after message, each when the one before has come back.</summary>
internal sealed record EchoPlan(int Connections)
{
    /// <summary>A multiple of eight.</summary>
    public int MessageBytes { get; init; } = 512;

    /// <summary>The server's buffers, which all connections share. A message may need several, and there may be too few for all.</summary>
    public int Buffers { get; init; } = 1024;

    public int BufferBytes { get; init; } = 2048;

    /// <summary>Messages of each connection; null: as many as come back within <see cref="Seconds"/>.</summary>
    public int? Messages { get; init; }

    public double Seconds { get; init; } = 5;

    /// <summary>AF_UNIX in place of TCP.</summary>
    public bool Unix { get; init; }
}

/// <summary>What was echoed, and has been found equal on both sides of every connection.</summary>
internal sealed record EchoResult(int Connections, long Messages, long Bytes, TimeSpan Time, long BufferShortages);
