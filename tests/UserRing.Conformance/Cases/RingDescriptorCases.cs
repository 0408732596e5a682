using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>What other calls make of a ring's descriptor.</summary>
internal static unsafe class RingDescriptorCases
{
    private static readonly CaseList Cases = new()
    {
        { "ring-fd.read", c => c.Unlike(Libc.Read(c.File(), (void*)c.Buffer, 8), Libc.Read(c.Ring.Descriptor, (void*)c.Buffer, 8)) },
        { "ring-fd.write", c => c.Unlike(Libc.Write(c.File(), (void*)c.Buffer, 8), Libc.Write(c.Ring.Descriptor, (void*)c.Buffer, 8)) },
        {
            "ring-fd.poll-idle", c =>
            {
                Assert.InRange(Libc.Poll(c.Ring.Descriptor, Libc.POLLIN | Libc.POLLOUT, 0, out short revents), 0, 1);
                return revents;
            }
        },
    };
}
