using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>statx_timestamp</c>: a time in <see cref="Statx"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct StatxTimestamp
{
    /// <summary><c>tv_sec</c>: seconds.</summary>
    public long TvSec;

    /// <summary><c>tv_nsec</c>: nanoseconds.</summary>
    public uint TvNsec;
}

/// <summary><c>statx</c>: file attributes. Always 256 bytes: newer kernels add fields behind <see cref="MntId"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
public struct Statx
{
    /// <summary><c>stx_mask</c>: STATX_ bits of the fields filled in.</summary>
    public uint Mask;

    /// <summary><c>stx_blksize</c>: preferred block size.</summary>
    public uint BlkSize;

    /// <summary><c>stx_attributes</c>: STATX_ATTR_ bits.</summary>
    public ulong Attributes;

    /// <summary><c>stx_nlink</c>: hard links.</summary>
    public uint NLink;

    /// <summary><c>stx_uid</c>: owner.</summary>
    public uint Uid;

    /// <summary><c>stx_gid</c>: group.</summary>
    public uint Gid;

    /// <summary><c>stx_mode</c>: type and permissions.</summary>
    public ushort Mode;

    /// <summary><c>stx_ino</c>: inode number.</summary>
    public ulong Ino;

    /// <summary><c>stx_size</c>: bytes.</summary>
    public ulong Size;

    /// <summary><c>stx_blocks</c>: 512-byte blocks in use.</summary>
    public ulong Blocks;

    /// <summary><c>stx_attributes_mask</c>: attributes the file system knows.</summary>
    public ulong AttributesMask;

    /// <summary><c>stx_atime</c>: last access.</summary>
    public StatxTimestamp Atime;

    /// <summary><c>stx_btime</c>: birth.</summary>
    public StatxTimestamp Btime;

    /// <summary><c>stx_ctime</c>: last change of status.</summary>
    public StatxTimestamp Ctime;

    /// <summary><c>stx_mtime</c>: last change of content.</summary>
    public StatxTimestamp Mtime;

    /// <summary><c>stx_rdev_major</c>: device this file is, major.</summary>
    public uint RdevMajor;

    /// <summary><c>stx_rdev_minor</c>: device this file is, minor.</summary>
    public uint RdevMinor;

    /// <summary><c>stx_dev_major</c>: device the file is on, major.</summary>
    public uint DevMajor;

    /// <summary><c>stx_dev_minor</c>: device the file is on, minor.</summary>
    public uint DevMinor;

    /// <summary><c>stx_mnt_id</c>: mount.</summary>
    public ulong MntId;
}
