using System.Text;

namespace UserRing.Tool.Bench;

/// <summary>
/// The file a benchmark makes when given none: text-like lines, each different and telling its own place, so that a block read from
/// anywhere else cannot pass for it. Seeded, so every run reads the same. Removed when disposed.
/// </summary>
internal sealed class BenchFile : IDisposable
{
    public const long Bytes = 256L << 20;

    private const int LineBytes = 64;
    private const int ChunkBytes = 1 << 20;

    private static readonly byte[][] Words = [.. new[]
    {
        "ring  ", "queue ", "submit", "reap  ", "batch ", "block ", "depth ", "page  ",
        "cache ", "wait  ", "poll  ", "issue ", "park  ", "post  ", "entry ", "kernel",
    }.Select(Encoding.ASCII.GetBytes)];

    private BenchFile(string path) => Path = path;

    public string Path { get; }

    /// <summary>In the current directory, which says what file system is meant; if that cannot be written, in the temporary one.</summary>
    public static BenchFile Create(CancellationToken stop)
    {
        FileStream stream;
        try
        {
            stream = Open(Environment.CurrentDirectory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            stream = Open(System.IO.Path.GetTempPath());
        }
        return Fill(stream, stop);
    }

    public static BenchFile Create(string directory, CancellationToken stop) => Fill(Open(directory), stop);

    public void Dispose() => File.Delete(Path);

    private static FileStream Open(string directory)
    {
        string path = System.IO.Path.Combine(directory, $".uring-bench-{Environment.ProcessId}.tmp");
        return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private static BenchFile Fill(FileStream stream, CancellationToken stop)
    {
        BenchFile file = new(stream.Name);
        try
        {
            using (stream)
            {
                WriteAll(stream, stop);
            }
            return file;
        }
        catch (Exception error)
        {
            file.Dispose();
            throw error is IOException ? new ToolException($"{file.Path}: {error.Message}", ToolException.Failed) : error;
        }
    }

    private static void WriteAll(FileStream stream, CancellationToken stop)
    {
        byte[] chunk = new byte[ChunkBytes];
        for (long position = 0; position < Bytes; position += ChunkBytes)
        {
            stop.ThrowIfCancellationRequested();
            for (int line = 0; line < ChunkBytes; line += LineBytes)
            {
                WriteLine(chunk.AsSpan(line, LineBytes), (ulong)(position + line));
            }
            stream.Write(chunk);
        }
        // Otherwise the kernel writes it back while the first engine is being measured.
        stream.Flush(flushToDisk: true);
    }

    private static void WriteLine(Span<byte> line, ulong offset)
    {
        ulong mixed = (offset + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
        mixed ^= mixed >> 29;
        Hexadecimal(line[..16], offset);
        line[16] = (byte)' ';
        int at = 17;
        for (int i = 0; i < 6; i++)
        {
            Words[(int)(mixed >> (i * 4)) & 15].CopyTo(line[at..]);
            line[at + 6] = (byte)' ';
            at += 7;
        }
        Hexadecimal(line.Slice(at, 4), mixed >> 40);
        line[LineBytes - 1] = (byte)'\n';
    }

    private static void Hexadecimal(Span<byte> digits, ulong value)
    {
        for (int i = digits.Length - 1; i >= 0; i--, value >>= 4)
        {
            digits[i] = "0123456789abcdef"u8[(int)(value & 15)];
        }
    }
}
