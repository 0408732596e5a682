using System.Diagnostics;
using System.Globalization;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>io_uring_setup: rings it is attached to, memory and descriptors it takes.</summary>
internal static class SetupPlaceCases
{
    private const int Page = 4096;

    private static readonly CaseList Attached = new()
    {
        { "setup.attach-badfd", c => c.Unlike(AttachTo(c, c.Ring.Descriptor), AttachTo(c, c.NoFd)) },
        { "setup.attach-notring", c => c.Unlike(AttachTo(c, c.Ring.Descriptor), AttachTo(c, c.Null)) },
        { "setup.attach-ok", c => AttachTo(c, c.Ring.Descriptor) },
        { "setup.attach-sqpoll-badfd", c => c.Unlike(AttachPolled(c, Polled(c)), AttachPolled(c, c.NoFd)) },
        { "setup.attach-sqpoll-notring", c => c.Unlike(AttachPolled(c, Polled(c)), AttachPolled(c, c.Null)) },
        { "setup.attach-sqpoll-to-nonsqpoll", c => c.Unlike(AttachPolled(c, Polled(c)), AttachPolled(c, c.Ring.Descriptor)) },
        { "setup.attach-sqpoll-ok", c => AttachPolled(c, Polled(c)) },
        { "setup.attach-sqpoll-other-process", c => AttachInChild(c, Polled(c)) },
        { "setup.wqfd-ignored", c => c.Setup(4, new RingParams { WqFd = (uint)c.NoFd }) },
    };

    private static readonly CaseList Memory = new()
    {
        { "setup.regfd-only-alone", c => c.Unlike(OwnMemory(c, SetupFlags.RegisteredFdOnly), c.Setup(4, SetupFlags.RegisteredFdOnly)) },
        { "setup.nommap-noaddr", c => c.Unlike(OwnMemory(c), c.Setup(4, SetupFlags.NoMmap)) },
        { "setup.nommap-unaligned", c => c.Unlike(OwnMemory(c), At(c, c.Buffer + 64, c.Buffer + Page)) },
        { "setup.nommap-ok", c => OwnMemory(c) },
        { "setup.nommap-unmapped", c => c.Unlike(OwnMemory(c), At(c, TestMemory.Bad, TestMemory.Bad + Page)) },
        { "setup.registered-fd-only", c => OwnMemory(c, SetupFlags.RegisteredFdOnly) },
        {
            "setup.registered-only-full", c =>
            {
                c.Control(OwnMemory(c, SetupFlags.RegisteredFdOnly));
                long made;
                do
                    made = OwnMemory(c, SetupFlags.RegisteredFdOnly);
                while (made is >= 0 and < 15);
                Assert.Equal(15, made);
                return OwnMemory(c, SetupFlags.RegisteredFdOnly);
            }
        },
    };

    private static readonly CaseList Limits = new()
    {
        {
            "setup.emfile", Run.Alone, c =>
            {
                c.Control(c.Setup(4));
                c.UseUpDescriptors();
                return c.Setup(4);
            }
        },
        {
            "setup.memlock-zero", Run.Alone, c =>
            {
                c.BecomeUser();
                c.Control(c.Setup(4));
                c.LimitTo(Libc.RLIMIT_MEMLOCK, 0, hard: true);
                return c.Setup(4);
            }
        },
        { "setup.memlock-64k-64", Run.Alone, c => SetupWithin64K(c, 64) },
        {
            "setup.memlock-64k-4096", Run.Alone, c =>
            {
                c.BecomeUser();
                c.Control(c.Setup(4096));
                c.LimitTo(Libc.RLIMIT_MEMLOCK, 1 << 16, hard: true);
                return c.Setup(4096);
            }
        },
    };

    /// <summary>What the other process of an inherited ring does: attaches to it and writes what setup answered.</summary>
    public static int AttachHere(string engine, string ring)
    {
        using var c = new Case(engine, alone: true);
        Console.Out.WriteLine(AttachPolled(c, int.Parse(ring, CultureInfo.InvariantCulture)));
        return 0;
    }

    private static int Polled(Case c) => c.NewRing(SetupFlags.SqPoll, idleMs: 10).Descriptor;

    private static long AttachTo(Case c, int ring, SetupFlags flags = 0) =>
        c.Setup(4, new RingParams { Flags = SetupFlags.AttachWq | flags, WqFd = (uint)ring, SqThreadIdle = 10 });

    private static long AttachPolled(Case c, int ring) => AttachTo(c, ring, SetupFlags.SqPoll);

    private static long AttachInChild(Case c, int ring)
    {
        Assert.Equal(0, Libc.Fcntl(ring, Libc.F_SETFD, 0));
        using Process child = Process.Start(ChildRun.StartInfo("attach", c.Engine, ring.ToString(CultureInfo.InvariantCulture)))!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.Equal(0, child.ExitCode);
        return long.Parse(output, CultureInfo.InvariantCulture);
    }

    /// <summary>A ring of 4 entries in two pages of the case's.</summary>
    private static long OwnMemory(Case c, SetupFlags flags = 0)
    {
        TestMemory memory = c.Memory(2 * Page);
        return At(c, memory.Address, memory.Address + Page, flags);
    }

    private static long At(Case c, nuint rings, nuint sqes, SetupFlags flags = 0) => c.Setup(4, new RingParams
    {
        Flags = SetupFlags.NoMmap | flags,
        CqOff = new() { UserAddr = rings },
        SqOff = new() { UserAddr = sqes },
    });

    private static long SetupWithin64K(Case c, uint entries)
    {
        c.BecomeUser();
        c.LimitTo(Libc.RLIMIT_MEMLOCK, 1 << 16, hard: true);
        return c.Setup(entries);
    }
}
