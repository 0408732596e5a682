using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// What is known of a few descriptors for the length of one batch: open flags, kind, and whether the file can be tried without
/// blocking (RWF_NOWAIT is not everywhere: overlayfs, tmpfs, /proc, terminals and ext4's buffered writes refuse it). Not longer than
/// a batch, since a number may mean another file afterwards. Wrong only if a number is closed and opened again by another thread
/// in the middle of a batch, where either file is a fair answer; even then a pipe cannot block the submitter, because a plain
/// attempt is only ever made at an explicit offset, which a pipe refuses.
/// </summary>
internal sealed class FileFacts
{
    private const int Slots = 8;

    private readonly Entry[] _entries = new Entry[Slots];

    // Which number was last found to be a file in memory: a hint for the next batch, which checks it before it is believed.
    private readonly int[] _memoryFiles = new int[Slots];
    private bool? _hasSizeLimit;
    private ulong? _quickToClose;

    internal FileFacts() => _memoryFiles.AsSpan().Fill(-1);

    /// <summary>
    /// Whether writes beyond some size are refused (RLIMIT_FSIZE): then one raises SIGXFSZ in the thread that makes it, which is not for
    /// the submitter to suffer.
    /// </summary>
    internal bool HasSizeLimit =>
        _hasSizeLimit ??= Libc.Getrlimit(Libc.RLIMIT_FSIZE, out ulong most, out _) < 0 || most != Libc.RLIM_INFINITY;

    /// <summary>
    /// Whether close(2) may wait: a socket that lingers, a device, and a file of any file system that is not known to have nothing to
    /// flush when it is closed (the network ones and FUSE do that). Nothing else is looked up for a number that is about to go.
    /// </summary>
    internal bool MayWaitToClose(int descriptor)
    {
        if (Libc.StatFd(descriptor, out FileIdentity file) < 0)
            return false;
        switch (file.Mode & Libc.S_IFMT)
        {
            case Libc.S_IFREG when _quickToClose == file.Dev:
                return false;
            case Libc.S_IFREG:
                if (Libc.FileSystemType(descriptor, file) is not (
                    Libc.EXT4_SUPER_MAGIC or Libc.XFS_SUPER_MAGIC or Libc.BTRFS_SUPER_MAGIC or Libc.TMPFS_MAGIC or Libc.PROC_SUPER_MAGIC))
                    return true;
                _quickToClose = file.Dev;
                return false;
            case Libc.S_IFCHR or Libc.S_IFBLK:
                return true;
            case Libc.S_IFSOCK:
                return Libc.LingersOnClose(descriptor);
            default:
                return false;
        }
    }

    internal void Forget()
    {
        (_hasSizeLimit, _quickToClose) = (null, null);
        foreach (ref Entry entry in _entries.AsSpan())
            entry.Descriptor = -1;
    }

    /// <summary>Remembers for later batches that this one refuses RWF_NOWAIT but never blocks.</summary>
    internal void HintMemoryFile(int descriptor) => _memoryFiles[descriptor & (Slots - 1)] = descriptor;

    /// <summary>The number is about to be closed, and may be another file's within this batch.</summary>
    internal void Forget(int descriptor)
    {
        ref Entry entry = ref _entries[descriptor & (Slots - 1)];
        if (entry.Descriptor == descriptor)
            entry.Descriptor = -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref Entry Of(int descriptor)
    {
        ref Entry entry = ref _entries[descriptor & (Slots - 1)];
        if (entry.Descriptor != descriptor || descriptor < 0) // -1 is an entry that was forgotten
        {
            entry = default;
            entry.Descriptor = descriptor;
            entry.OpenFlags = OpenFlagsOf(descriptor);
            entry.Tryable = entry.OpenFlags >= 0 && !entry.IsDirect;
            if (_memoryFiles[descriptor & (Slots - 1)] == descriptor)
                entry.ReadNeedsWorker = entry.WriteNeedsWorker = entry.Tryable && entry.IsMemoryFile;
        }

        return ref entry;
    }

    /// <summary>F_GETFL's answer, but -EBADF for O_PATH: what is open only as a place in the tree is not open to any request.</summary>
    private static int OpenFlagsOf(int descriptor)
    {
        int flags = Libc.Fcntl(descriptor, Libc.F_GETFL, 0);
        return flags >= 0 && (flags & Libc.O_PATH) != 0 ? -Errno.EBADF : flags;
    }

    /// <summary>One descriptor's facts; see <see cref="FileFacts"/>.</summary>
    internal struct Entry
    {
        private const ushort TypeMask = 0xF000, Regular = 0x8000, Directory = 0x4000, Block = 0x6000;
        private const ushort Pipe = 0x1000, Socket = 0xC000;
        private const long Tmpfs = 0x01021994, Proc = 0x9FA0, Sysfs = 0x62656572, Debugfs = 0x64626720, Tracefs = 0x74726163;

        internal int Descriptor;

        /// <summary>F_GETFL's answer; -EBADF for what no request may use.</summary>
        internal int OpenFlags;

        /// <summary>RWF_NOWAIT was refused for this direction.</summary>
        internal bool ReadNeedsWorker, WriteNeedsWorker;

        internal bool Tryable;

        private bool _known;
        private FileIdentity _identity;

        /// <summary>Open, not direct, and not known to refuse RWF_NOWAIT: an attempt is worth making.</summary>
        internal readonly bool MayTry(bool write) => Tryable & !(write ? WriteNeedsWorker : ReadNeedsWorker);

        /// <summary>Whether it was opened for this direction.</summary>
        internal readonly bool IsOpenFor(bool write) => (OpenFlags & Libc.O_ACCMODE) != (write ? Libc.O_RDONLY : Libc.O_WRONLY);

        internal readonly bool IsDirect => OpenFlags >= 0 && (OpenFlags & Libc.O_DIRECT) != 0;

        internal bool IsSocket => (Kind & TypeMask) == Socket;

        internal bool IsPipe => (Kind & TypeMask) == Pipe;

        internal bool IsRegular => (Kind & TypeMask) == Regular;

        /// <summary>Data in memory only: a plain call at an offset does not block.</summary>
        internal bool IsMemoryFile => IsRegular && _inMemory;

        /// <summary>A file of a file system whose direct transfers can be polled for, on a device that can.</summary>
        internal bool CanBePolled => TakesNoWait;

        /// <summary>The device it lies on; asked only of what has a kind.</summary>
        internal readonly ulong Device => _identity.Dev;

        /// <summary>Of a file system that knows RWF_NOWAIT, though not in every call.</summary>
        internal bool TakesNoWait => IsRegular && _takesNoWait;

        /// <summary>Of one whose buffered writes may always block.</summary>
        internal bool WritesBlock => IsRegular && _writesBlock && !IsDirect;

        /// <summary>
        /// Neither readiness nor a would-block exists for it. The kernel's own file systems have files that only look so: a read of
        /// /proc/kmsg or of a trace_pipe waits for ever, and epoll says until when. Nor is the rest of a short transfer owed there.
        /// </summary>
        internal bool HasNoReadiness => (Kind & TypeMask) is Regular or Directory or Block && !_isKernels;

        /// <summary>The same for all descriptors of one file; 0 only for what has no identity.</summary>
        internal ulong FileKey => Kind == 0 ? 0 : _identity.Ino * 31 + _identity.Dev;

        private bool _inMemory, _isKernels, _takesNoWait, _writesBlock;

        private ushort Kind
        {
            get
            {
                if (!_known)
                {
                    _known = true;
                    if (Libc.StatFd(Descriptor, out _identity) < 0)
                        _identity = default;
                    long system = (_identity.Mode & TypeMask) == Regular ? Libc.FileSystemType(Descriptor, _identity) : 0;
                    (_inMemory, _isKernels) = (system == Tmpfs, system is Proc or Sysfs or Debugfs or Tracefs);
                    _writesBlock = system == Libc.EXT4_SUPER_MAGIC;
                    _takesNoWait = system is Libc.EXT4_SUPER_MAGIC or Libc.XFS_SUPER_MAGIC or Libc.BTRFS_SUPER_MAGIC;
                }

                return _identity.Mode;
            }
        }
    }
}
