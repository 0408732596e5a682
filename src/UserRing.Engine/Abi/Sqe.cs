using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>
/// <c>io_uring_sqe</c> (5.1): one submission, what the application asks for. Fields share places: which of them count is up to the
/// opcode.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct Sqe
{
    /// <summary><c>opcode</c>: the operation.</summary>
    [FieldOffset(0)]
    public Opcode Opcode;

    /// <summary><c>flags</c>: bits every operation understands.</summary>
    [FieldOffset(1)]
    public SqeFlags Flags;

    /// <summary><c>ioprio</c>: I/O priority; for sends, receives and accepts their own flags.</summary>
    [FieldOffset(2)]
    public ushort IoPrio;

    /// <summary><c>fd</c>: the file, or a slot of the file table with FIXED_FILE.</summary>
    [FieldOffset(4)]
    public int Fd;

    /// <summary><c>off</c>: offset into the file, or what the operation wants here.</summary>
    [FieldOffset(8)]
    public ulong Off;

    /// <summary><c>addr2</c>: a second address or value.</summary>
    [FieldOffset(8)]
    public ulong Addr2;

    /// <summary><c>cmd_op</c>: command of URING_CMD.</summary>
    [FieldOffset(8)]
    public uint CmdOp;

    /// <summary><c>__pad1</c>: reserved, zero.</summary>
    [FieldOffset(12)]
    public uint Pad1;

    /// <summary><c>addr</c>: address of the buffer, path or structure.</summary>
    [FieldOffset(16)]
    public ulong Addr;

    /// <summary><c>splice_off_in</c>: offset into the input of a splice.</summary>
    [FieldOffset(16)]
    public ulong SpliceOffIn;

    /// <summary><c>level</c>: socket option level (URING_CMD).</summary>
    [FieldOffset(16)]
    public uint Level;

    /// <summary><c>optname</c>: socket option name (URING_CMD).</summary>
    [FieldOffset(20)]
    public uint OptName;

    /// <summary><c>len</c>: length of the buffer, or number of iovecs.</summary>
    [FieldOffset(24)]
    public uint Len;

    /// <summary><c>rw_flags</c>: RWF_ flags of preadv2(2).</summary>
    [FieldOffset(28)]
    public uint RwFlags;

    /// <summary><c>fsync_flags</c>: what to flush.</summary>
    [FieldOffset(28)]
    public FsyncFlags FsyncFlags;

    /// <summary><c>poll_events</c>: events to wait for, the old 16-bit form.</summary>
    [FieldOffset(28)]
    public ushort PollEvents;

    /// <summary><c>poll32_events</c>: events to wait for; halves swapped on big endian.</summary>
    [FieldOffset(28)]
    public uint Poll32Events;

    /// <summary><c>sync_range_flags</c>: flags of sync_file_range(2).</summary>
    [FieldOffset(28)]
    public uint SyncRangeFlags;

    /// <summary><c>msg_flags</c>: MSG_ flags of send(2) and recv(2).</summary>
    [FieldOffset(28)]
    public uint MsgFlags;

    /// <summary><c>timeout_flags</c>: how the time is meant.</summary>
    [FieldOffset(28)]
    public TimeoutFlags TimeoutFlags;

    /// <summary><c>accept_flags</c>: SOCK_ flags of accept4(2).</summary>
    [FieldOffset(28)]
    public uint AcceptFlags;

    /// <summary><c>cancel_flags</c>: which requests to cancel.</summary>
    [FieldOffset(28)]
    public CancelFlags CancelFlags;

    /// <summary><c>open_flags</c>: O_ flags of openat(2).</summary>
    [FieldOffset(28)]
    public uint OpenFlags;

    /// <summary><c>statx_flags</c>: AT_ flags of statx(2).</summary>
    [FieldOffset(28)]
    public uint StatxFlags;

    /// <summary><c>fadvise_advice</c>: advice of posix_fadvise(2) or madvise(2).</summary>
    [FieldOffset(28)]
    public uint FadviseAdvice;

    /// <summary><c>splice_flags</c>: flags of splice(2) and tee(2).</summary>
    [FieldOffset(28)]
    public SpliceFlags SpliceFlags;

    /// <summary><c>rename_flags</c>: flags of renameat2(2).</summary>
    [FieldOffset(28)]
    public uint RenameFlags;

    /// <summary><c>unlink_flags</c>: AT_REMOVEDIR or zero.</summary>
    [FieldOffset(28)]
    public uint UnlinkFlags;

    /// <summary><c>hardlink_flags</c>: AT_ flags of linkat(2).</summary>
    [FieldOffset(28)]
    public uint HardlinkFlags;

    /// <summary><c>xattr_flags</c>: flags of setxattr(2).</summary>
    [FieldOffset(28)]
    public uint XattrFlags;

    /// <summary><c>msg_ring_flags</c>: how the message is delivered.</summary>
    [FieldOffset(28)]
    public MsgRingFlags MsgRingFlags;

    /// <summary><c>uring_cmd_flags</c>: flags of the command.</summary>
    [FieldOffset(28)]
    public UringCmdFlags UringCmdFlags;

    /// <summary><c>waitid_flags</c>: reserved for WAITID; zero.</summary>
    [FieldOffset(28)]
    public uint WaitidFlags;

    /// <summary><c>futex_flags</c>: reserved for futex operations; zero.</summary>
    [FieldOffset(28)]
    public uint FutexFlags;

    /// <summary><c>install_fd_flags</c>: flags of the new descriptor.</summary>
    [FieldOffset(28)]
    public InstallFdFlags InstallFdFlags;

    /// <summary><c>nop_flags</c>: what the NOP pretends.</summary>
    [FieldOffset(28)]
    public NopFlags NopFlags;

    /// <summary><c>pipe_flags</c>: flags of pipe2(2).</summary>
    [FieldOffset(28)]
    public uint PipeFlags;

    /// <summary><c>user_data</c>: comes back in the CQE, untouched.</summary>
    [FieldOffset(32)]
    public ulong UserData;

    /// <summary><c>buf_index</c>: registered buffer.</summary>
    [FieldOffset(40)]
    public ushort BufIndex;

    /// <summary><c>buf_group</c>: group to take a buffer from (BUFFER_SELECT).</summary>
    [FieldOffset(40)]
    public ushort BufGroup;

    /// <summary><c>personality</c>: registered credentials, or 0 for those of the submitter.</summary>
    [FieldOffset(42)]
    public ushort Personality;

    /// <summary><c>splice_fd_in</c>: input of a splice.</summary>
    [FieldOffset(44)]
    public int SpliceFdIn;

    /// <summary><c>file_index</c>: slot for a new file plus one, or <see cref="FileSlots.Alloc"/>; 0 makes a descriptor.</summary>
    [FieldOffset(44)]
    public uint FileIndex;

    /// <summary><c>zcrx_ifq_idx</c>: zero-copy receive queue.</summary>
    [FieldOffset(44)]
    public uint ZcrxIfqIdx;

    /// <summary><c>optlen</c>: length of a socket option (URING_CMD).</summary>
    [FieldOffset(44)]
    public uint OptLen;

    /// <summary><c>addr_len</c>: length of a destination address (SEND).</summary>
    [FieldOffset(44)]
    public ushort AddrLen;

    /// <summary><c>write_stream</c>: write stream number of a write (6.16, not in every header).</summary>
    [FieldOffset(44)]
    public byte WriteStream;

    /// <summary><c>__pad3</c>: reserved, zero.</summary>
    [FieldOffset(46)]
    public ushort Pad3;

    /// <summary><c>addr3</c>: a third address or value.</summary>
    [FieldOffset(48)]
    public ulong Addr3;

    /// <summary><c>attr_ptr</c>: address of the attributes of a read or write.</summary>
    [FieldOffset(48)]
    public ulong AttrPtr;

    /// <summary><c>optval</c>: address of a socket option (URING_CMD).</summary>
    [FieldOffset(48)]
    public ulong OptVal;

    /// <summary>Where <c>cmd</c> begins: 16 bytes for the command, 80 in a 128-byte SQE.</summary>
    public const int CmdOffset = 48;

    /// <summary><c>__pad2</c>: reserved, zero.</summary>
    [FieldOffset(56)]
    public ulong Pad2;

    /// <summary><c>attr_type_mask</c>: kind of those attributes.</summary>
    [FieldOffset(56)]
    public RwAttrFlags AttrTypeMask;
}
