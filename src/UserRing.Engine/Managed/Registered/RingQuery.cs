using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>REGISTER_QUERY: a chain of questions about the engine, each answered in place. Needs no ring.</summary>
internal static class RingQuery
{
    private const int MostEntries = 1000;

    /// <summary>What 6.18 can be asked: counts and masks.</summary>
    private const uint Questions = 1;

    internal static int Run(Caller caller, nuint argument, uint count)
    {
        if (count != 0)
            return -Errno.EINVAL;
        for (int entries = 1; argument != 0; entries++)
        {
            int error = Answer(caller, argument, out argument);
            if (error < 0)
                return error;
            if (entries == MostEntries)
                return -Errno.ERANGE; // it may go round in a circle
        }

        return 0;
    }

    private static int Answer(Caller caller, nuint address, out nuint next)
    {
        next = 0;
        int error = caller.Read(address, out QueryHdr header);
        if (error < 0)
            return error;
        uint room = header.Size;
        var answer = default(QueryOpcode);
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<QueryOpcode>(ref answer));
        bool isKnown = (uint)header.QueryOp < Questions;
        bool isGood = header.Resv0 == 0 && header.Resv1 == 0 && header.Resv2 == 0 && header.Result == 0 && room != 0;
        header.Result = !isKnown ? -Errno.EOPNOTSUPP : isGood ? 0 : -Errno.EINVAL;
        header.Size = 0;
        if (header.Result == 0)
        {
            // Read for nothing, but where it cannot be read there is no answer.
            error = caller.CopyIn((nuint)header.QueryData, bytes[..(int)Math.Min(room, (uint)bytes.Length)]);
            if (error < 0)
                return error;
            answer = ManagedEngine.Describe();
            header.Size = Math.Min(room, (uint)bytes.Length);
        }

        error = caller.CopyOut((nuint)header.QueryData, bytes[..(int)header.Size]);
        if (error == 0)
            error = Clear(caller, (nuint)header.QueryData + header.Size, room - header.Size);
        if (error == 0)
            error = caller.Write(address, header);
        next = (nuint)header.NextEntry;
        return error;
    }

    /// <summary>What is behind the answer becomes zero.</summary>
    private static int Clear(Caller caller, nuint address, uint bytes)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[256];
        while (bytes > 0)
        {
            uint part = Math.Min(bytes, (uint)zeros.Length);
            int error = caller.CopyOut(address, zeros[..(int)part]);
            if (error < 0)
                return error;
            (address, bytes) = (address + part, bytes - part);
        }

        return 0;
    }
}
