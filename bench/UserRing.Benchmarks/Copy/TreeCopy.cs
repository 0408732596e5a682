using System.Text;
using UserRing.Abi;
using UserRing.Benchmarks.Traffic;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Benchmarks.Copy;

/// <summary>What was copied.</summary>
internal sealed record CopyResult(int Files, int Folders, int Links, long Bytes, TimeSpan Time);

/// <summary>
/// Copies a tree on one ring, many files in flight: each in a lane with a buffer and two slots for its ends, in linked chains
/// (open and look; create, read, write, close both). Content, permissions and symbolic links; neither owners nor times.
/// </summary>
internal sealed class TreeCopy : RingLoop
{
    private const int Lanes = 64;
    private const int BufferBytes = 128 << 10, PathBytes = 4096, StatBytes = 256;
    private const int LaneBytes = BufferBytes + 2 * PathBytes + StatBytes;
    private const int TypeBits = 0xF000, RegularFile = 0x8000, ModeBits = 0xFFF;
    private const uint TypeModeAndSize = 0x1 | 0x2 | 0x200;

    // Folders stay like that until everything is in them.
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TreeEntry[] _entries;
    private readonly NativeBlock _memory = new(Lanes * LaneBytes);
    private readonly Lane[] _lanes = new Lane[Lanes];
    private readonly Stack<int> _free = new(Enumerable.Range(0, Lanes));
    private readonly int _from, _to;
    private int _next, _ended;
    private long _bytes;

    /// <param name="engine">Serves the ring.</param>
    /// <param name="from">The root of what is copied.</param>
    /// <param name="to">The root of the copy, which must not be there yet.</param>
    public TreeCopy(IRingEngine engine, string from, string to)
        : base(engine, 1024)
    {
        try
        {
            _entries = TreeEntry.List(from);
            Ring.RegisterSparseFiles(2 * Lanes);
            _from = OpenRoot(from);
            Put(0, 0, Path.GetFullPath(to));
            Ring.GetSqe().PrepareMkdirat(SqePreparation.CurrentDirectory, PathAt(0, 0), (uint)FolderMode);
            Demand($"mkdir {to}", Ring.WaitOne().Res);
            _to = OpenRoot(to);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Files, folders and links that are there, for who watches from another thread.</summary>
    public int Ended => Volatile.Read(ref _ended);

    protected override bool IsDone => _ended == _entries.Length;

    public CopyResult Result(TimeSpan time)
    {
        int folders = _entries.Count(entry => entry.IsFolder), links = _entries.Count(entry => entry.Link is not null);
        return new CopyResult(_entries.Length - folders - links, folders, links, _bytes, time);
    }

    /// <summary>
    /// Gives the permissions that could not be given when things were made: what the umask takes away, and folders into which
    /// nothing may be written. The ring is out of it: io_uring has no chmod.
    /// </summary>
    public void SetModes(string from, string to)
    {
        UnixFileMode umask = FileModes.Umask();
        foreach (TreeEntry entry in _entries.Where(entry => entry.Link is null).Reverse())
        {
            if (entry.IsFolder || (entry.Mode & (umask | FileModes.Special)) != 0)
                File.SetUnixFileMode(Path.Combine(to, entry.Path), entry.Mode);
        }

        File.SetUnixFileMode(to, File.GetUnixFileMode(from));
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (int root in (int[])[_from, _to])
        {
            if (root > 0)
                _ = Libc.Close(root);
        }

        _memory.Dispose();
    }

    /// <summary>Whatever may be made now gets a lane; a folder is made before what goes into it.</summary>
    protected override bool QueueMore()
    {
        while (_next < _entries.Length && _free.Count > 0 && Ring.SqSpaceLeft >= MostSqesPerCompletion)
        {
            bool isNextLevel = _next > 0 && _entries[_next].Level != _entries[_next - 1].Level;
            if (isNextLevel && _free.Count < Lanes)
                break;
            Begin(_free.Pop(), _next++);
        }

        return false;
    }

    protected override void Complete(in Cqe cqe)
    {
        (int step, int number) = Named(cqe);
        ref Lane lane = ref _lanes[number];
        // What follows the one that failed was cancelled with it.
        if (cqe.Res != -Errno.ECANCELED)
            Demand($"{(Step)step} {_entries[lane.Entry].Path}", cqe.Res);
        if ((Step)step is Step.Read or Step.Write && cqe.Res != lane.Part)
            throw new TrafficException($"{(Step)step} {_entries[lane.Entry].Path}: {cqe.Res} bytes, not {lane.Part}");
        if (--lane.InFlight > 0)
            return;
        switch (lane.Stage)
        {
            case Stage.Look:
                Create(number);
                break;
            case Stage.Transfer when lane.Offset < lane.Size:
                Transfer(number);
                break;
            default:
                Volatile.Write(ref _ended, _ended + 1);
                _free.Push(number);
                break;
        }
    }

    private void Begin(int number, int entryNumber)
    {
        TreeEntry entry = _entries[entryNumber];
        _lanes[number] = new Lane { Entry = entryNumber };
        Put(number, 0, entry.Path);
        if (entry.IsFolder)
        {
            Queue(number, Step.MakeFolder, ref Ring.GetSqe().PrepareMkdirat(_to, PathAt(number, 0), (uint)FolderMode), SqeFlags.None);
        }
        else if (entry.Link is { } target)
        {
            Put(number, 1, target);
            Queue(number, Step.MakeLink, ref Ring.GetSqe().PrepareSymlinkat(PathAt(number, 1), _to, PathAt(number, 0)), SqeFlags.None);
        }
        else
        {
            Look(number);
        }
    }

    private void Look(int number)
    {
        // What only looks like a file must not have the open wait for a partner.
        int flags = Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOFOLLOW;
        nuint path = PathAt(number, 0), stat = _memory.At(StatOf(number));
        _lanes[number].Stage = Stage.Look;
        Queue(
            number, Step.Open, ref Ring.GetSqe().PrepareOpenat(_from, path, flags, fileIndex: (uint)SlotOfSource(number) + 1),
            SqeFlags.IoLink);
        Queue(
            number, Step.Look, ref Ring.GetSqe().PrepareStatx(_from, path, Libc.AT_SYMLINK_NOFOLLOW, TypeModeAndSize, stat),
            SqeFlags.None);
    }

    private void Create(int number)
    {
        ref Lane lane = ref _lanes[number];
        ref readonly Statx stat = ref _memory.As<Statx>(StatOf(number));
        if ((stat.Mode & TypeBits) != RegularFile)
            throw new TrafficException($"{_entries[lane.Entry].Path} is neither a file nor a folder nor a symbolic link");
        (lane.Size, lane.Stage) = ((long)stat.Size, Stage.Transfer);
        const int Flags = Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL;
        uint mode = stat.Mode & (uint)ModeBits, slot = (uint)SlotOfTarget(number) + 1;
        Queue(number, Step.Create, ref Ring.GetSqe().PrepareOpenat(_to, PathAt(number, 0), Flags, mode, slot), SqeFlags.IoLink);
        Transfer(number);
    }

    /// <summary>One buffer full in a chain; the last closes both ends.</summary>
    private void Transfer(int number)
    {
        ref Lane lane = ref _lanes[number];
        (ulong offset, uint part) = ((ulong)lane.Offset, (uint)Math.Min(BufferBytes, lane.Size - lane.Offset));
        lane.Part = (int)part;
        lane.Offset += part;
        _bytes += part;
        bool isEnd = lane.Offset == lane.Size;
        if (part > 0)
        {
            nuint buffer = _memory.At(number * LaneBytes);
            int source = SlotOfSource(number), target = SlotOfTarget(number);
            SqeFlags link = isEnd ? SqeFlags.IoLink : SqeFlags.None;
            Queue(
                number, Step.Read, ref Ring.GetSqe().PrepareRead(source, buffer, part, offset), SqeFlags.IoLink | SqeFlags.FixedFile);
            Queue(number, Step.Write, ref Ring.GetSqe().PrepareWrite(target, buffer, part, offset), link | SqeFlags.FixedFile);
        }

        if (!isEnd)
            return;
        Queue(number, Step.Close, ref Ring.GetSqe().PrepareCloseSlot((uint)SlotOfSource(number)), SqeFlags.IoLink);
        Queue(number, Step.Close, ref Ring.GetSqe().PrepareCloseSlot((uint)SlotOfTarget(number)), SqeFlags.None);
    }

    private void Queue(int number, Step step, ref Sqe sqe, SqeFlags flags)
    {
        (sqe.Flags, sqe.UserData) = (flags, Name((int)step, number));
        _lanes[number].InFlight++;
    }

    private int OpenRoot(string path)
    {
        Put(0, 0, Path.GetFullPath(path));
        int flags = Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC;
        Ring.GetSqe().PrepareOpenat(SqePreparation.CurrentDirectory, PathAt(0, 0), flags);
        return Demand(path, Ring.WaitOne().Res);
    }

    private static int Demand(string what, int result) => result >= 0 ? result : throw TrafficException.Of(what, result);

    /// <summary>Writes one of a lane's two paths.</summary>
    private void Put(int number, int which, string path)
    {
        Span<byte> place = _memory.Bytes.Slice(PathOf(number, which), PathBytes);
        if (Encoding.UTF8.GetByteCount(path) >= PathBytes)
            throw new TrafficException($"{path[..64]}... is too long");
        place[Encoding.UTF8.GetBytes(path, place)] = 0;
    }

    private static int PathOf(int number, int which) => number * LaneBytes + BufferBytes + which * PathBytes;

    private static int StatOf(int number) => PathOf(number, 2);

    private static int SlotOfSource(int number) => 2 * number;

    private static int SlotOfTarget(int number) => 2 * number + 1;

    private nuint PathAt(int number, int which) => _memory.At(PathOf(number, which));

    private enum Step
    {
        MakeFolder,
        MakeLink,
        Open,
        Look,
        Create,
        Read,
        Write,
        Close,
    }

    private enum Stage
    {
        Whole,
        Look,
        Transfer,
    }

    private struct Lane
    {
        public int Entry, InFlight, Part;
        public Stage Stage;
        public long Size, Offset;
    }
}
