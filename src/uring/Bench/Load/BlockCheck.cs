namespace UserRing.Tool.Bench.Load;

/// <summary>
/// Compares a block with a plain read of the same place, made right after: no table of the file to build and keep, and a cold file
/// is still cold when the engine reads it. Buffers are spoilt before each request, so that a block left from before cannot pass.
/// </summary>
internal sealed class BlockCheck : IDisposable
{
    private const byte Spoil = 0xA5;

    private readonly TargetFile[] _files;
    private readonly byte[] _plain;

    public BlockCheck(string[] paths, int block)
    {
        _files = [.. paths.Select(path => TargetFile.Open(path, direct: false))];
        _plain = new byte[block];
    }

    public static void Prepare(Span<byte> buffer) => buffer.Fill(Spoil);

    public bool Matches(int file, ulong offset, ReadOnlySpan<byte> block) =>
        RandomAccess.Read(_files[file].Handle, _plain, (long)offset) == block.Length && block.SequenceEqual(_plain);

    public void Dispose()
    {
        foreach (TargetFile file in _files)
        {
            file.Dispose();
        }
    }
}
