using System.Collections.Concurrent;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// Transfers on a ring that polls its device (IOPOLL): direct ones only. A read needs a device with poll queues, as sysfs tells; a write
/// on a file system is carried out without polling if the device has none (io_uring/rw.c; fs/iomap/direct-io.c).
/// </summary>
internal static class PolledTransfer
{
    private static readonly ConcurrentDictionary<ulong, bool> PollQueues = new();

    internal static bool IsServed(Request request, ref FileFacts.Entry facts, bool write) =>
        facts.IsDirect && facts.CanBePolled && (write || PollQueues.GetOrAdd(facts.Device, static device => HasPollQueues(device)));

    /// <summary>Whether the block device that a file system lies on has poll queues.</summary>
    private static bool HasPollQueues(ulong device)
    {
        (uint major, uint minor) = Libc.SplitDevice(device);
        foreach (string queue in new[] { "queue", "../queue" }) // of a disk; of a partition, its disk's
        {
            string path = $"/sys/dev/block/{major}:{minor}/{queue}/io_poll";
            if (File.Exists(path))
                return File.ReadAllText(path).Trim() == "1";
        }

        return false;
    }
}
