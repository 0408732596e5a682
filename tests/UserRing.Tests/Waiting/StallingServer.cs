using System.Buffers.Binary;
using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Waiting;

/// <summary>
/// The file system's side of /dev/fuse: shows a few files and keeps most of what is asked of it waiting. A call that is interrupted it
/// answers with EINTR, as a well-behaved file system does.
/// </summary>
internal sealed unsafe class StallingServer(int device)
{
    /// <summary>A file of a page: it can be opened and looked at; whatever else is done with it waits.</summary>
    public const string Plain = "plain";

    /// <summary>A file whose close waits.</summary>
    public const string Clinging = "clinging";

    /// <summary>
    /// A folder of its own, since what waits may have the other one locked. It has a file for one number: of the calls that wait.
    /// </summary>
    public const string Waiting = "waiting";

    /// <summary>There is no such file, but who looks for it has the calls that wait go on.</summary>
    public const string GoOn = Waiting + "/go on";

    public const int FileBytes = 4096;

    private const int Lookup = 1, Forget = 2, GetAttributes = 3, SetAttributes = 4, Link = 13, Open = 14, Read = 15, Write = 16;
    private const int Release = 18, Fsync = 20, SetXattr = 21, GetXattr = 22, Flush = 25, Init = 26, OpenFolder = 27, ReleaseFolder = 29;
    private const int Create = 35, Interrupt = 36, Poll = 40, BatchForget = 42, Fallocate = 43, Rename = 45;

    private const int HeaderBytes = 40, ReplyHeaderBytes = 16, AttributeBytes = 88;
    private const uint NewSize = 8;
    private const uint Major = 7, Minor = 31, WritebackCache = 1 << 16;
    private const ulong Root = 1, PlainNode = 2, ClingingNode = 3, CountNode = 4, WaitingNode = 5;
    private const ulong LongTime = 1_000_000;

    private readonly byte[] _request = new byte[1 << 18];

    // What waits: by its number, its answer in case that it may go on.
    private readonly Dictionary<ulong, byte[]> _held = [];

    /// <summary>Serves until the device is closed or the file system is gone.</summary>
    public void Run()
    {
        fixed (byte* buffer = _request)
        {
            while (true)
            {
                nint count = Libc.Read(device, buffer, (nuint)_request.Length);
                if (count is -Errno.EINTR or -Errno.EAGAIN or -Errno.ENOENT) // ENOENT: one that was given up meanwhile
                    continue;
                if (count < HeaderBytes)
                    return;
                Serve(_request.AsSpan(0, (int)count));
            }
        }
    }

    private void Serve(ReadOnlySpan<byte> request)
    {
        uint operation = Word(request, 4);
        ulong number = Long(request, 8), node = Long(request, 16);
        ReadOnlySpan<byte> argument = request[HeaderBytes..];
        switch (operation)
        {
            case Forget or BatchForget:
                break;
            case Interrupt:
                if (_held.Remove(Long(argument, 0)))
                    Answer(Long(argument, 0), -Errno.EINTR);
                break;
            case Init:
                // Reads ahead are not asynchronous, so they wait; writes are kept in memory, so that there is something to be synced.
                byte[] settings = new byte[64];
                Put(settings, 0, Major, Minor, FileBytes, WritebackCache);
                Put(settings, 20, FileBytes, 1);
                Answer(number, 0, settings);
                break;
            case Lookup:
                string name = Encoding.UTF8.GetString(argument[..^1]);
                LookUp(number, node == WaitingNode ? $"{Waiting}/{name}" : name);
                break;
            case GetAttributes:
            case SetAttributes when (Word(argument, 0) & NewSize) == 0: // times, after a write
                Answer(number, 0, [.. Valid(LongTime), .. new byte[8], .. Attributes(node)]);
                break;
            case Open or OpenFolder:
                Answer(number, 0, new byte[16]);
                break;
            case Release or ReleaseFolder:
            case Flush when node != ClingingNode:
                Answer(number, 0);
                break;
            case Poll:
                Answer(number, -Errno.ENOSYS); // always ready
                break;
            case GetXattr when argument[8..].StartsWith("security."u8): // asked for with each write
                Answer(number, -Errno.ENODATA);
                break;
            case Write:
                byte[] written = new byte[8];
                Put(written, 0, Word(argument, 16));
                _held.Add(number, written);
                break;
            case >= SetAttributes and <= Link or Read or Fsync or SetXattr or GetXattr or Flush or Create or Fallocate or Rename:
                _held.Add(number, []);
                break;
            default:
                Answer(number, -Errno.ENOSYS);
                break;
        }
    }

    private void LookUp(ulong number, string name)
    {
        (ulong node, ulong valid) = name switch
        {
            Plain => (PlainNode, LongTime),
            Clinging => (ClingingNode, LongTime),
            Waiting => (WaitingNode, LongTime),
            _ when name == $"{Waiting}/{_held.Count}" => (CountNode, 0ul), // to be asked for again each time
            _ => (0ul, 0ul),
        };
        if (node != 0)
        {
            byte[] entry = [.. new byte[40], .. Attributes(node)];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, node);
            BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(16), valid);
            BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(24), valid);
            Answer(number, 0, entry);
        }
        else if (name == GoOn)
        {
            foreach ((ulong held, byte[] answer) in _held)
                Answer(held, 0, answer);
            _held.Clear();
            Answer(number, -Errno.ENOENT);
        }
        else if (name.StartsWith(Waiting, StringComparison.Ordinal))
        {
            Answer(number, -Errno.ENOENT);
        }
        else
        {
            _held.Add(number, new byte[HeaderBytes + AttributeBytes]); // then there is no such file
        }
    }

    private static byte[] Attributes(ulong node)
    {
        const uint Folder = 0x41ED, File = 0x81A4;
        byte[] attributes = new byte[AttributeBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(attributes, node);
        BinaryPrimitives.WriteUInt64LittleEndian(attributes.AsSpan(8), FileBytes);
        Put(attributes, 60, node is Root or WaitingNode ? Folder : File, 1);
        return attributes;
    }

    private static byte[] Valid(ulong seconds)
    {
        byte[] valid = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(valid, seconds);
        return valid;
    }

    private void Answer(ulong number, int error, byte[]? content = null)
    {
        byte[] reply = [.. new byte[ReplyHeaderBytes], .. content ?? []];
        Put(reply, 0, (uint)reply.Length, (uint)error);
        BinaryPrimitives.WriteUInt64LittleEndian(reply.AsSpan(8), number);
        fixed (byte* at = reply)
            _ = Libc.Write(device, at, (nuint)reply.Length); // ENOENT: nobody waits for it any more
    }

    private static uint Word(ReadOnlySpan<byte> from, int at) => BinaryPrimitives.ReadUInt32LittleEndian(from[at..]);

    private static ulong Long(ReadOnlySpan<byte> from, int at) => BinaryPrimitives.ReadUInt64LittleEndian(from[at..]);

    private static void Put(Span<byte> to, int at, params ReadOnlySpan<uint> words)
    {
        foreach (uint word in words)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], word);
            at += sizeof(uint);
        }
    }
}
