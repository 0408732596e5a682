using System.Runtime.InteropServices;
using System.Text;

namespace UserRing.Engine.Linux;

/// <summary>
/// Whether memory is the shared writable mapping of a file on a file system that writes back what changes. The kernel lets nobody pin
/// such pages for long (mm/gup.c, vma_needs_dirty_tracking). Asked of /proc/self/maps by its ioctl, which Linux has since 6.11; before that
/// nothing is found.
/// </summary>
internal static unsafe class MappedFiles
{
    private const ulong Writable = 0x02, Shared = 0x08;
    private const long Tmpfs = 0x01021994, Hugetlbfs = 0x958458F6, Ramfs = 0x858458F6;
    private const int MostNameBytes = 4096;

    internal static bool Contains(nuint address, nuint length)
    {
        int maps = Libc.Open("/proc/self/maps", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (maps < 0)
            return false;
        bool found = Contains(maps, address, address + length);
        Libc.Close(maps);
        return found;
    }

    private static bool Contains(int maps, nuint start, nuint end)
    {
        byte* name = stackalloc byte[MostNameBytes];
        for (nuint at = start; at < end;)
        {
            var query = new Query
            {
                Size = (ulong)sizeof(Query), Address = at, NameBytes = MostNameBytes, NameAddress = (ulong)name,
            };
            if (Libc.ProcMapQuery(maps, &query) < 0)
                return false;
            bool isShared = (query.Flags & (Writable | Shared)) == (Writable | Shared);
            if (isShared && query.Inode != 0 && WritesBack(query, new ReadOnlySpan<byte>(name, (int)query.NameBytes)))
                return true;
            at = (nuint)query.End;
        }

        return false;
    }

    private static bool WritesBack(in Query query, ReadOnlySpan<byte> name)
    {
        if (query is { DeviceMajor: 0, DeviceMinor: 1 })
            return false; // the kernel's own tmpfs: anonymous shared memory, memfd, System V
        int file = Libc.Open(Encoding.UTF8.GetString(name.TrimEnd((byte)0)), Libc.O_PATH | Libc.O_CLOEXEC, 0);
        if (file < 0)
            return query.DeviceMajor != 0; // deleted: one on a disk does
        long system = Libc.StatfsType(file);
        Libc.Close(file);
        return system is not (Tmpfs or Hugetlbfs or Ramfs);
    }

    /// <summary>struct procmap_query</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Query
    {
        public ulong Size, Asked, Address;
        public ulong Start, End, Flags, PageSize, Offset, Inode;
        public uint DeviceMajor, DeviceMinor, NameBytes, BuildIdBytes;
        public ulong NameAddress, BuildIdAddress;
    }
}
