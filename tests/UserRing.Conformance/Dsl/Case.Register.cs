using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>
/// Register calls whose success changes what the next one meets: the request without the fault and the one with it get a ring each,
/// plain and new unless <c>on</c> says how it is made.
/// </summary>
internal sealed partial class Case
{
    public int RegisterNew(RegisterOp operation, nuint argument = 0, uint count = 0, Func<Case, SeamRing>? on = null) =>
        RingFor(on).Register(operation, argument, count);

    public int RegisterNewBy<T>(RegisterOp operation, T argument, uint count = 1, Func<Case, SeamRing>? on = null)
        where T : unmanaged => RingFor(on).RegisterBy(operation, argument, count);

    /// <summary><see cref="FaultOf{T}(RegisterOp, T, Fault{T}, uint)"/> with two rings.</summary>
    public long FaultOfNew<T>(RegisterOp operation, T good, Fault<T> fault, uint count = 1, Func<Case, SeamRing>? on = null)
        where T : unmanaged
    {
        T bad = good;
        fault(ref bad);
        return Unlike(RegisterNewBy(operation, good, count, on), RegisterNewBy(operation, bad, count, on));
    }

    /// <summary>Register with an argument and a count that are good, then with others.</summary>
    public long CallFaultNew(
        RegisterOp operation, (nuint Argument, uint Count) good, (nuint Argument, uint Count) bad, Func<Case, SeamRing>? on = null) =>
        Unlike(RegisterNew(operation, good.Argument, good.Count, on), RegisterNew(operation, bad.Argument, bad.Count, on));

    /// <summary>Ends the case where the process lacks a right that the row was measured with.</summary>
    public void Needs(int capability, string name)
    {
        if (!Libc.HasCapability(capability))
            throw new NotRunException($"measured with {name}");
    }

    /// <summary>
    /// The address of that many bytes, whole pages, that can be read, written and pinned, and cost two megabytes: the same ones again and
    /// again. A real gigabyte takes seconds to get on a busy machine, and keeps the process's other threads from mapping meanwhile.
    /// </summary>
    public nuint Repeated(nuint bytes)
    {
        const nuint Piece = 2 << 20;
        nint at = Libc.Mmap(0, bytes, Libc.PROT_NONE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        Assert.InRange(at, 1, nint.MaxValue);
        var start = (nuint)at;
        Cleanup(() => _ = Libc.Munmap(start, bytes));
        using var memory = new TestDescriptor(Libc.MemfdCreate("repeated", Libc.MFD_CLOEXEC));
        Assert.Equal(0, Libc.Ftruncate(memory, (long)Piece));
        for (nuint done = 0; done < bytes; done += Piece)
        {
            nuint length = Math.Min(Piece, bytes - done), place = start + done;
            Assert.Equal((nint)place, Libc.Mmap(place, length, ReadWrite, Libc.MAP_SHARED | Libc.MAP_FIXED, memory, 0));
        }

        return start;
    }

    private SeamRing RingFor(Func<Case, SeamRing>? on) => on is null ? NewRing() : on(this);
}
