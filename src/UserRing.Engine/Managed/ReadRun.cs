using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// Consecutive reads of one batch, attempted together: their system calls run in one tight loop, and reads that continue each other in one
/// file become a single vectored call. The loop is what makes a random read cost little more than the plain call, since a system call
/// makes the processor forget the branches around it; the merging makes sequential reads cheaper than one call each. Whatever does not
/// come out whole is issued again by itself, where every case is handled. Submit lock held.
/// </summary>
internal sealed class ReadRun
{
    private const int Capacity = 64;
    private static readonly nuint IoVecBytes = (nuint)System.Runtime.CompilerServices.Unsafe.SizeOf<IoVec>();

    private readonly Request[] _requests = new Request[Capacity];
    private readonly nint[] _moved = new nint[Capacity];
    private readonly nuint _vector = Libc.AllocateVector(Capacity);
    private int _count;

    ~ReadRun() => Libc.FreeVector(_vector);

    internal bool IsEmpty => _count == 0;

    internal bool IsFull => _count == Capacity;

    internal void Add(Request request) => _requests[_count++] = request;

    /// <summary>Makes the attempts and finishes or issues again each request.</summary>
    internal void Run(IssueBatch batch)
    {
        int count = _count;
        _count = 0;
        Attempt(count);
        for (int i = 0; i < count; i++)
        {
            Request request = _requests[i];
            nint moved = _moved[i];
            // Nothing at the file's own position is an answer (an empty datagram, a terminal's end of file) that asking again would lose.
            if (moved == (nint)request.Sqe.Len || moved == 0 && (long)request.Sqe.Off == -1)
                batch.Complete(request, (int)moved);
            else
                Submission.IssueAlone(request, batch, (int)Math.Max(0, moved));
        }
    }

    private void Attempt(int count)
    {
        Span<IoVec> vector = Libc.VectorAt(_vector, count);
        for (int i = 0; i < count; i++)
            vector[i] = new IoVec { Base = (nuint)_requests[i].Sqe.Addr, Len = _requests[i].Sqe.Len };
        int refusing = -1; // a file that refused once is not asked again here
        for (int first = 0; first < count;)
        {
            Request request = _requests[first];
            int next = first + 1;
            ulong end = request.Sqe.Off + request.Sqe.Len;
            while (next < count && Continues(request, _requests[next], end))
                end += _requests[next++].Sqe.Len;
            nint moved = -1;
            nuint part = _vector + (nuint)first * IoVecBytes;
            if (request.File != refusing)
                moved = Libc.PreadvTry(request.File, part, next - first, (long)request.Sqe.Off, request.TryFlags);
            if (moved < 0)
                refusing = request.File;
            Share(moved, first, next);
            first = next;
        }
    }

    /// <summary>The same file, at the very byte where the run so far ends. A position of -1 moves by itself and is never merged.</summary>
    private static bool Continues(Request run, Request next, ulong end) =>
        next.Sqe.Off == end && next.File == run.File && (long)end > 0 && (long)run.Sqe.Off >= 0;

    private void Share(nint moved, int first, int next)
    {
        for (int i = first; i < next; i++)
        {
            nint part = Math.Min(moved, (nint)_requests[i].Sqe.Len);
            // Nothing, in a merged call, may be the end of the file or another reason: asked again alone.
            _moved[i] = part;
            moved = part < 0 ? part : moved - part;
        }
    }
}
