using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>FILES_UPDATE and FIXED_FD_INSTALL.</summary>
public sealed class SlotTests
{
    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Slots_are_filled_emptied_and_skipped(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFile one = TestFile.Create("1"), two = TestFile.Create("22");
        Assert.Equal(0, ring.RegisterFiles(-1, one, one));
        Assert.Equal(3, Update(ring, memory, how, 0, two, -1, FileSlots.Skip));
        Assert.Equal((2, -Errno.EBADF, 1), (Length(ring, memory, 0), Length(ring, memory, 1), Length(ring, memory, 2)));
        Assert.Equal(1, Update(ring, memory, how, 2, two));
        Assert.Equal(2, Length(ring, memory, 2));
        Assert.Equal(-Errno.EINVAL, Update(ring, memory, how, 2, one, one));
        Assert.Equal(-Errno.EINVAL, Update(ring, memory, how, 3, one));
        Assert.Equal(-Errno.EOVERFLOW, Update(ring, memory, how, uint.MaxValue - 1, one, one));
        Assert.Equal(2, Update(ring, memory, how, 0, one, one, TestDescriptor.Closed));
        Assert.Equal(-Errno.EBADF, Length(ring, memory, 2));
    }

    [Theory, EveryEngine]
    public void A_failed_update_empties_its_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("1");
        Assert.Equal(0, ring.RegisterFiles(file));
        Assert.Equal(-Errno.EBADF, Update(ring, memory, 0, 0, TestDescriptor.Closed));
        Assert.Equal(-Errno.EBADF, Length(ring, memory, 0));
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Free_slots_are_found_and_named(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("1");
        using TestDescriptor place = TestDescriptor.Open("/", Libc.O_PATH);
        Assert.Equal(0, ring.RegisterFiles(-1, -1, -1));
        Assert.Equal(1, Update(ring, memory, how, FileSlots.Alloc, file, TestDescriptor.Closed, file));
        Assert.Equal([0, TestDescriptor.Closed], [memory.As<int>(0), memory.As<int>(4)]);
        Assert.Equal(2, Update(ring, memory, how, FileSlots.Alloc, file, file, file));
        Assert.Equal([1, 2, file], [memory.As<int>(0), memory.As<int>(4), memory.As<int>(8)]);
        Assert.Equal(-Errno.ENFILE, Update(ring, memory, how, FileSlots.Alloc, file));
        Assert.Equal(1, Update(ring, memory, how, 1, -1));
        Assert.Equal(-Errno.EBADF, Update(ring, memory, how, FileSlots.Alloc, place));
        Assert.Equal(-Errno.EBADF, Update(ring, memory, how, FileSlots.Alloc, ring.Descriptor));
        Assert.Equal(-Errno.EBADF, Update(ring, memory, how, FileSlots.Alloc, FileSlots.Skip));
        Assert.Equal(1, Update(ring, memory, how, FileSlots.Alloc, file));
        Assert.Equal(1, Length(ring, memory, 1));
    }

    [Theory, EveryEngine]
    public void A_slot_whose_number_cannot_be_written_is_given_back(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(-1));
        // A page of zeros: descriptor 0.
        ring.Next().PrepareFilesUpdate(TestMemory.ReadOnly, 1, FileSlots.Alloc);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        Assert.Equal(-Errno.EBADF, Length(ring, memory, 0));
        ring.Next().PrepareFilesUpdate(TestMemory.Bad, 1, FileSlots.Alloc);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareFilesUpdate(TestMemory.Bad, 1, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
    }

    [Theory, EveryEngine]
    public void Update_checks_its_fields(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.As<int>() = FileSlots.Skip;
        var sqe = new Sqe { Opcode = Opcode.FilesUpdate, Addr = memory.Address, Len = 1 };
        Assert.Equal(-Errno.ENXIO, ring.Do(sqe));
        Assert.Equal(-Errno.ENXIO, ring.Do(sqe with { Off = FileSlots.Alloc }));
        Assert.Equal(0, ring.RegisterFiles(-1));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Flags = SqeFlags.FixedFile }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { RwFlags = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { SpliceFdIn = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Len = 0 }));
        Assert.Equal(1, ring.Do(sqe with { BufIndex = 1, Addr3 = 1, Fd = 77 }));
        Assert.Equal(1, ring.Do(sqe with { Off = 1ul << 32 }));
    }

    [Theory]
    [EveryEngine(InstallFdFlags.None, SqeFlags.None)]
    [EveryEngine(InstallFdFlags.None, SqeFlags.Async)]
    [EveryEngine(InstallFdFlags.NoCloexec, SqeFlags.None)]
    public void A_descriptor_is_made_of_a_slot(string engine, InstallFdFlags flags, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789");
        Assert.Equal(0, ring.RegisterFiles(-1, file));
        ring.Next().PrepareFixedFdInstall(1, flags).Flags |= how;
        using var made = new TestDescriptor(ring.Result());
        Assert.Equal(flags == 0 ? Libc.FD_CLOEXEC : 0, Libc.Fcntl(made, Libc.F_GETFD, 0));
        file.Position = 7; // of the same open file
        Assert.Equal(7, Libc.Lseek(made, 0, Libc.SEEK_CUR));
        ring.Next().PrepareFixedFdInstall(0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareFixedFdInstall(2);
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory, EveryEngine]
    public void Install_checks_its_fields_in_the_kernels_order(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.RegisterFiles(-1));
        var sqe = new Sqe { Opcode = Opcode.FixedFdInstall };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Off = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Len = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { SpliceFdIn = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Addr3 = 1 }));
        Assert.Equal(-Errno.EBADF, ring.DoRefused(sqe with { InstallFdFlags = (InstallFdFlags)2 }));
        sqe.Flags = SqeFlags.FixedFile;
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { InstallFdFlags = (InstallFdFlags)2 }));
        Assert.Equal(-Errno.EBADF, ring.Do(sqe));
        int personality = ring.Register(RegisterOp.RegisterPersonality);
        Assert.InRange(personality, 1, ushort.MaxValue);
        sqe.Personality = (ushort)personality;
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { InstallFdFlags = (InstallFdFlags)2 }));
        Assert.Equal(-Errno.EPERM, ring.DoRefused(sqe));
    }

    private static int Update(SeamRing ring, TestMemory memory, SqeFlags how, uint first, params ReadOnlySpan<int> descriptors)
    {
        ring.Next().PrepareFilesUpdate(memory.Put(0, descriptors), (uint)descriptors.Length, first).Flags = how;
        return ring.Result();
    }

    /// <summary>How many bytes the file in a slot has, as far as a read tells.</summary>
    private static int Length(SeamRing ring, TestMemory memory, int slot)
    {
        ring.Next().PrepareRead(slot, memory.At(1024), 1024, 0).Flags = SqeFlags.FixedFile;
        return ring.Result();
    }
}
