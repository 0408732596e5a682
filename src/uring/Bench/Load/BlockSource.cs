namespace UserRing.Tool.Bench.Load;

/// <summary>Which block comes next: whole blocks only, files in turn, random ones from the generator that bench/native uses.</summary>
internal sealed class BlockSource
{
    private readonly ulong[] _blocks;
    private readonly ulong[] _positions;
    private readonly ulong _blockBytes;
    private readonly bool _sequential;
    private int _file;
    private ulong _random;

    public BlockSource(long[] fileBytes, LoadSpec spec, int thread)
    {
        _blockBytes = (ulong)spec.Block;
        _sequential = spec.Sequential;
        _blocks = [.. fileBytes.Select(bytes => (ulong)bytes / _blockBytes)];
        // Threads that read front to back begin at places of their own, as far apart as can be.
        _positions = [.. _blocks.Select(blocks => blocks * (ulong)thread / (ulong)spec.Threads)];
        _random = 0x9E3779B97F4A7C15 * (2 * (ulong)thread + 1);
    }

    /// <summary>The next offset, and which file it is in.</summary>
    public ulong Next(out int file)
    {
        file = _blocks.Length == 1 ? 0 : NextFile();
        return (_sequential ? NextInOrder(file) : NextAtRandom(file)) * _blockBytes;
    }

    private int NextFile()
    {
        int file = _file;
        _file = file + 1 == _blocks.Length ? 0 : file + 1;
        return file;
    }

    private ulong NextInOrder(int file)
    {
        ulong block = _positions[file];
        _positions[file] = block + 1 == _blocks[file] ? 0 : block + 1;
        return block;
    }

    private ulong NextAtRandom(int file)
    {
        ulong x = _random;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        _random = x;
        return Math.BigMul(x, _blocks[file], out _);
    }
}
