namespace UserRing.Tool.Bench;

/// <summary>Reads files once before anything is measured: else the first engine would pay for the disk and the others would not.</summary>
internal static class PageCache
{
    private const int ChunkBytes = 1 << 20;

    public static void Warm(string[] files, LoadSpec load, CancellationToken stop)
    {
        if (load.Direct)
        {
            return;
        }
        List<TargetFile> targets = [];
        try
        {
            foreach (string file in files)
            {
                targets.Add(TargetFile.Open(file, direct: false));
            }
            // What does not fit would only push its own beginning out again.
            if (targets.Sum(target => target.Bytes) <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2)
            {
                targets.ForEach(target => Read(target, stop));
            }
        }
        finally
        {
            targets.ForEach(target => target.Dispose());
        }
    }

    private static void Read(TargetFile target, CancellationToken stop)
    {
        byte[] chunk = new byte[ChunkBytes];
        for (long position = 0; position < target.Bytes; position += ChunkBytes)
        {
            stop.ThrowIfCancellationRequested();
            RandomAccess.Read(target.Handle, chunk, position);
        }
    }
}
