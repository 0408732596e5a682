using UserRing.Engine.Linux;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// What a request uses that others could see it use: parts of files, streams. Two requests whose order nothing determines must not claim
/// the same thing, unless both only look at it: the kernel itself answers such a program now so, now so.
/// </summary>
internal readonly record struct Claims(ulong Looks, ulong Changes)
{
    private const int Regions = World.FileBytes / World.Region;

    public bool IsEmpty => (Looks | Changes) == 0;

    public static Claims Of(RequestShape shape) => shape.Kind switch
    {
        Kind.ReadStream or Kind.WriteStream => new(0, Stream(shape.Target)),
        Kind.Poll => new(Stream(shape.Target), 0),
        Kind.ReadFile => shape.Offset < 0 ? new(0, File(shape)) : new(File(shape), 0),
        Kind.WriteFile => new(0, File(shape)),
        _ => default,
    };

    public bool Clash(Claims other) => (Changes & (other.Changes | other.Looks)) != 0 || (Looks & other.Changes) != 0;

    public Claims And(Claims other) => new(Looks | other.Looks, Changes | other.Changes);

    public bool Includes(int stream) => ((Looks | Changes) & Stream(stream)) != 0;

    private static ulong Stream(int stream) => 1UL << (32 + stream);

    private static ulong File(RequestShape shape)
    {
        const ulong Whole = (1UL << Regions) - 1;
        int file = shape.Target switch
        {
            0 or 3 => 0, // two descriptors of one file
            1 => 1,
            2 => 2,
            _ => -1,
        };
        if (file < 0)
            return 0;
        ulong regions = Whole;
        bool isWithin = shape.Offset >= 0 && shape.Offset + shape.Length <= World.FileBytes && shape.Flaw == Flaw.None
            && (shape.Extra & Libc.RWF_APPEND) == 0;
        if (isWithin)
        {
            int first = (int)(shape.Offset / World.Region), last = (int)((shape.Offset + Math.Max(shape.Length, 1) - 1) / World.Region);
            regions = (2UL << last) - (1UL << first);
        }

        return regions << (file * Regions);
    }
}
