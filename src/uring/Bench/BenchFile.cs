using System.Text;
using Microsoft.Win32.SafeHandles;

namespace UserRing.Tool.Bench;

/// <summary>
/// The file a benchmark makes when given none: text-like lines, each different and telling its own place, so that a block read from
/// anywhere else cannot pass for it. Seeded, so every run reads the same.
/// </summary>
/// <remarks>
/// It loses its name as soon as it is open, and the workers reach it through our descriptor: however this process ends, nothing is left.
/// </remarks>
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

    private readonly SafeFileHandle _handle;

    private BenchFile(string name, SafeFileHandle handle) => (Name, _handle) = (name, handle);

    /// <summary>What it was called.</summary>
    public string Name { get; }

    /// <summary>Where any process of this user can open it, as long as this one has not disposed it.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}";

    /// <summary>In the current directory, which says what file system is meant; if that cannot be written, in the temporary one.</summary>
    public static BenchFile Create(CancellationToken stop)
    {
        BenchFile file;
        try
        {
            file = Open(Environment.CurrentDirectory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            file = Open(System.IO.Path.GetTempPath());
        }
        return file.Filled(stop);
    }

    public static BenchFile Create(string directory, CancellationToken stop) => Open(directory).Filled(stop);

    public void Dispose() => _handle.Dispose();

    private static BenchFile Open(string directory)
    {
        string name = System.IO.Path.Combine(directory, $".uring-bench-{Environment.ProcessId}.tmp");
        SafeFileHandle handle = File.OpenHandle(name, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(name);
        return new BenchFile(name, handle);
    }

    private BenchFile Filled(CancellationToken stop)
    {
        try
        {
            WriteAll(stop);
            return this;
        }
        catch (Exception error)
        {
            Dispose();
            throw error is IOException ? new ToolException($"{Name}: {error.Message}", ToolException.Failed) : error;
        }
    }

    private void WriteAll(CancellationToken stop)
    {
        byte[] chunk = new byte[ChunkBytes];
        for (long position = 0; position < Bytes; position += ChunkBytes)
        {
            stop.ThrowIfCancellationRequested();
            for (int line = 0; line < ChunkBytes; line += LineBytes)
            {
                WriteLine(chunk.AsSpan(line, LineBytes), (ulong)(position + line));
            }
            RandomAccess.Write(_handle, chunk, position);
        }
        // Otherwise the kernel writes it back while the first engine is being measured.
        RandomAccess.FlushToDisk(_handle);
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
