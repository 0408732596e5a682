using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Tests;

/// <summary>
/// How requests take provided buffers, step by step as the operations do it. What the steps must give was measured on a kernel ring.
/// </summary>
public sealed unsafe class BufferGroupsTests
{
    private const ushort Group = 3;

    /// <summary>Buffer rings in the program's memory and in the engine's.</summary>
    public static TheoryData<bool> Memories => [false, true];

    [Fact]
    public void A_list_gives_its_buffers_in_order_and_takes_one_back_in_front()
    {
        using var setting = new Setting();
        Assert.Equal(0, setting.Groups.Provide(Group, 0x1000, 16, 2, 7));
        Assert.Equal(0, setting.Groups.Provide(Group, 0x9000, 32, 1, 100));
        BufferSelection first = setting.Select(64, out uint length), second = setting.Select(8, out uint cut);
        Assert.Equal((0x1000, 16u, 7), ((int)first.Address, length, first.Id));
        Assert.Equal((0x1010, 8u, 8), ((int)second.Address, cut, second.Id));
        Assert.True(setting.Groups.Recycle(ref second));
        Assert.False(second.IsMade);
        Assert.Equal(CqeFlags.Buffer | (CqeFlags)(7 << 16), BufferGroups.Finish(ref first, 3));
        Assert.Equal(8, setting.Select(0, out length).Id);
        Assert.Equal(16u, length);
        BufferSelection last = setting.Select(0, out length);
        Assert.Equal((100, 32u, true), (last.Id, length, last.EmptiedGroup));
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
    }

    [Fact]
    public void A_buffer_of_a_list_is_used_up_whatever_becomes_of_the_request()
    {
        using var setting = new Setting();
        Assert.Equal(0, setting.Groups.Provide(Group, 0x1000, 16, 1, 7));
        BufferSelection selection = setting.Select(16, out _);
        Assert.Equal(0, setting.Groups.Remove(Group, 10));
        Assert.Equal(CqeFlags.Buffer | (CqeFlags)(7 << 16), BufferGroups.Finish(ref selection, -Errno.EFAULT));
        Assert.Equal(CqeFlags.None, BufferGroups.Finish(ref selection, 0)); // there is none any more
    }

    [Fact]
    public void A_buffer_that_outlived_its_list_is_dropped()
    {
        using var setting = new Setting();
        Assert.Equal(0, setting.Groups.Provide(Group, 0x1000, 16, 1, 7));
        BufferSelection selection = setting.Select(16, out _);
        setting.Register();
        Assert.True(setting.Groups.Recycle(ref selection));
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
    }

    [Theory, MemberData(nameof(Memories))]
    public void A_rings_head_moves_when_the_request_is_done(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped);
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
        setting.Offer(16, 16, 16);
        BufferSelection selection = setting.Select(64, out uint length);
        Assert.Equal((Setting.AddressOf(0), 16u, 100, 0), (selection.Address, length, selection.Id, setting.Head));
        Assert.True(setting.Groups.Recycle(ref selection));
        selection = setting.Select(4, out length);
        Assert.Equal((100, 4u), (selection.Id, length));
        Assert.Equal(CqeFlags.Buffer | (CqeFlags)(100 << 16), BufferGroups.Finish(ref selection, 4));
        Assert.Equal(1, setting.Head);
        selection = setting.Select(4, out _);
        Assert.Equal(CqeFlags.Buffer | (CqeFlags)(101 << 16), BufferGroups.Finish(ref selection, 0));
        selection = setting.Select(4, out _);
        Assert.True(selection.EmptiedGroup);
        BufferGroups.Finish(ref selection, 1);
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
    }

    [Theory, MemberData(nameof(Memories))]
    public void Where_the_attempt_cannot_be_repeated_the_buffer_is_used_up_at_once(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped);
        setting.Offer(16, 16);
        BufferSelection selection = setting.Select(64, out _, mayRetry: false);
        Assert.Equal(1, setting.Head);
        Assert.False(setting.Groups.Recycle(ref selection));
        Assert.True(selection.IsMade);
        Assert.Equal(CqeFlags.Buffer | (CqeFlags)(100 << 16), BufferGroups.Finish(ref selection, -Errno.EFAULT));
        Assert.Equal(1, setting.Head);
    }

    [Theory, MemberData(nameof(Memories))]
    public void An_incremental_buffer_is_used_up_piece_by_piece(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped, PbufRingFlags.Inc);
        setting.Offer(16, 16, 16);
        Assert.Equal((CqeFlags)(100 << 16) | CqeFlags.Buffer | CqeFlags.BufMore, setting.Take(4, 4));
        Assert.Equal((Setting.AddressOf(0) + 4, 12u, 0), (setting.Entry(0).Addr, setting.Entry(0).Len, setting.Head));
        Assert.Equal((CqeFlags)(100 << 16) | CqeFlags.Buffer, setting.Take(12, 12));
        Assert.Equal((Setting.AddressOf(0) + 4, 0u, 1), (setting.Entry(0).Addr, setting.Entry(0).Len, setting.Head));

        // Paid for when it is taken: then what was asked for counts, not what came.
        BufferSelection selection = setting.Select(4, out _, mayRetry: false);
        Assert.Equal((Setting.AddressOf(1) + 4, 12u), (setting.Entry(1).Addr, setting.Entry(1).Len));
        Assert.Equal((CqeFlags)(101 << 16) | CqeFlags.Buffer | CqeFlags.BufMore, BufferGroups.Finish(ref selection, 0));
        selection = setting.Select(100, out uint length, mayRetry: false);
        Assert.Equal(12u, length);
        Assert.Equal((CqeFlags)(101 << 16) | CqeFlags.Buffer, BufferGroups.Finish(ref selection, 3));
        Assert.Equal(2, setting.Head);

        // Nothing moved: nothing is used up.
        Assert.Equal((CqeFlags)(102 << 16) | CqeFlags.Buffer | CqeFlags.BufMore, setting.Take(4, 0));
        Assert.Equal((2, 16u), (setting.Head, setting.Entry(2).Len));
    }

    [Theory, MemberData(nameof(Memories))]
    public void What_is_left_of_an_incremental_buffer_must_be_worth_it(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped, PbufRingFlags.Inc, leastLeft: 6);
        setting.Offer(16);
        Assert.True((setting.Take(10, 10) & CqeFlags.BufMore) != 0);
        Assert.Equal((0, 6u), (setting.Head, setting.Entry(0).Len));
        Assert.True((setting.Take(1, 1) & CqeFlags.BufMore) == 0);
        Assert.Equal((1, 0u), (setting.Head, setting.Entry(0).Len));
    }

    [Theory, MemberData(nameof(Memories))]
    public void An_incremental_buffer_of_no_length_stays(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped, PbufRingFlags.Inc);
        setting.Offer(0);
        Assert.True((setting.Take(4, 4) & CqeFlags.BufMore) != 0);
        Assert.Equal(0, setting.Head);
    }

    [Theory, MemberData(nameof(Memories))]
    public void Several_buffers_serve_one_transfer(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped);
        setting.Offer(16, 32, 8, 16);
        Span<IoVec> vectors = stackalloc IoVec[8];
        BufferSelection selection = default;
        Assert.Equal(1, setting.Groups.SelectMany(Group, true, 40, vectors, ref selection)); // the second would have to be cut
        Assert.Equal(2, setting.Groups.SelectMany(Group, true, 48, vectors, ref selection));
        Assert.Equal([16, 32], Lengths(vectors[..2]));
        Assert.False(selection.EmptiedGroup);
        Assert.True(setting.Groups.Recycle(ref selection));

        Assert.Equal(4, setting.Groups.SelectMany(Group, true, 0, vectors, ref selection));
        Assert.Equal([16, 32, 8, 16], Lengths(vectors[..4]));
        Assert.True(selection.EmptiedGroup);
        int used = BufferGroups.CountUsed(vectors[..4], 49);
        Assert.Equal(3, used);
        Assert.Equal((CqeFlags)(100 << 16) | CqeFlags.Buffer, BufferGroups.Finish(ref selection, 49, used));
        Assert.Equal(3, setting.Head);
    }

    [Theory, MemberData(nameof(Memories))]
    public void A_first_buffer_longer_than_needed_is_cut_in_the_ring(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped);
        setting.Offer(16, 16);
        Span<IoVec> vectors = stackalloc IoVec[8];
        BufferSelection selection = default;
        Assert.Equal(1, setting.Groups.SelectMany(Group, false, 10, vectors, ref selection));
        Assert.Equal((10ul, 10u, 1), (vectors[0].Len, setting.Entry(0).Len, setting.Head));
        Assert.False(selection.EmptiedGroup);
        selection = default;
        Assert.Equal(-Errno.ENOENT, setting.Groups.SelectMany(9, false, 10, vectors, ref selection));
        Assert.Equal(1, setting.Groups.SelectMany(Group, false, 0, vectors, ref selection));
        Assert.Equal(-Errno.ENOBUFS, setting.Groups.SelectMany(Group, false, 0, vectors, ref selection));
    }

    [Theory, MemberData(nameof(Memories))]
    public void Incremental_buffers_serve_one_transfer_to_the_byte(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped, PbufRingFlags.Inc);
        setting.Offer(16, 16, 16);
        Span<IoVec> vectors = stackalloc IoVec[8];
        BufferSelection selection = default;
        Assert.Equal(2, setting.Groups.SelectMany(Group, true, 20, vectors, ref selection));
        Assert.Equal([16, 4], Lengths(vectors[..2]));
        Assert.True((BufferGroups.Finish(ref selection, 18, 2) & CqeFlags.BufMore) != 0);
        Assert.Equal((1, 14u), (setting.Head, setting.Entry(1).Len));
    }

    [Theory, MemberData(nameof(Memories))]
    public void A_ring_goes_round_for_ever(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped);
        int wrong = 0;
        for (int round = 0; round < 35_000; round++)
        {
            setting.Offer(16, 16);
            wrong += setting.Take(4, 4) == ((CqeFlags)(100 + (2 * round & 7) << 16) | CqeFlags.Buffer) ? 0 : 1;
            setting.Take(4, 4);
        }

        Assert.Equal(0, wrong);
        Assert.Equal(70_000 & 0xFFFF, setting.Head);
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
    }

    [Theory, MemberData(nameof(Memories))]
    public void A_tail_far_beyond_the_ring_shows_its_entries_again(bool mapped)
    {
        using var setting = new Setting();
        setting.Register(mapped);
        setting.Offer(16, 16, 16, 16, 16, 16, 16, 16);
        setting.SetTail(60_000);
        int wrong = 0;
        for (int i = 0; i < 60_000; i++)
            wrong += setting.Take(4, 4) == ((CqeFlags)(100 + (i & 7) << 16) | CqeFlags.Buffer) ? 0 : 1;
        Assert.Equal(0, wrong);
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
    }

    [Fact]
    public void A_ring_whose_memory_was_unmapped_has_no_buffers()
    {
        using var setting = new Setting();
        setting.Register();
        setting.Offer(16);
        setting.TakeAway();
        Assert.Equal(-Errno.ENOBUFS, setting.TrySelect());
    }

    private static ulong[] Lengths(ReadOnlySpan<IoVec> vectors)
    {
        var lengths = new ulong[vectors.Length];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = vectors[i].Len;
        return lengths;
    }

    /// <summary>A managed ring, and a buffer ring of eight entries in group 3 with its program.</summary>
    private sealed class Setting : IDisposable
    {
        private readonly SeamRing _ring = new(TestEngines.Managed);
        private readonly RingContext _context;
        private nuint _memory;
        private ushort _tail;

        public Setting() => _context = RingTable.Find(_ring.Descriptor)!;

        public BufferGroups Groups => _context.BufferGroups;

        public int Head
        {
            get
            {
                BufStatus status = new() { BufGroup = Group };
                Assert.Equal(0, _ring.Register(RegisterOp.RegisterPbufStatus, (nuint)(&status), 1));
                return (int)status.Head;
            }
        }

        public ref Buf Entry(int index) => ref ((Buf*)_memory)[index];

        public static nuint AddressOf(int entry) => 0x10_0000 + (nuint)entry * 16;

        public void Register(bool mapped = false, PbufRingFlags flags = 0, uint leastLeft = 0)
        {
            const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;
            BufReg registration = new() { RingEntries = 8, Bgid = Group, Flags = flags, MinLeft = leastLeft };
            if (mapped)
            {
                registration.Flags |= PbufRingFlags.Mmap;
            }
            else
            {
                _memory = (nuint)Libc.Mmap(0, 4096, Protection, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
                registration.RingAddr = _memory;
            }

            Assert.Equal(0, _ring.RegisterBy(RegisterOp.RegisterPbufRing, registration));
            if (mapped)
            {
                ulong offset = MmapOffsets.PbufRing | (ulong)Group << MmapOffsets.PbufShift;
                _memory = (nuint)_ring.Engine.Map(_ring.Descriptor, 0, 4096, Protection, Libc.MAP_SHARED, offset);
            }
        }

        public void Offer(params ReadOnlySpan<uint> lengths)
        {
            foreach (uint length in lengths)
            {
                int index = _tail++ & 7;
                ref Buf entry = ref Entry(index);
                (entry.Addr, entry.Len, entry.Bid) = (AddressOf(index), length, (ushort)(100 + index));
            }

            SetTail(_tail);
        }

        public void SetTail(ushort tail) => Volatile.Write(ref Entry(0).Resv, tail);

        public BufferSelection Select(uint length, out uint granted, bool mayRetry = true)
        {
            BufferSelection selection = default;
            granted = length;
            if (Groups.Select(Group, mayRetry, ref granted, ref selection) != 0)
                Assert.Fail("no buffer");
            return selection;
        }

        public int TrySelect()
        {
            BufferSelection selection = default;
            uint length = 1;
            return Groups.Select(Group, true, ref length, ref selection);
        }

        /// <summary>A request for so many bytes that got so many: the flags of its CQE.</summary>
        public CqeFlags Take(uint asked, int moved)
        {
            BufferSelection selection = Select(asked, out _);
            return BufferGroups.Finish(ref selection, moved);
        }

        /// <summary>As good as unmapped, but that no other thread of this process is given the address.</summary>
        public void TakeAway() => Assert.Equal(0, Libc.Mprotect(_memory, 4096, Libc.PROT_NONE));

        private void Unmap()
        {
            if (_memory != 0)
                Assert.Equal(0, Libc.Munmap(_memory, 4096));
            _memory = 0;
        }

        public void Dispose()
        {
            Unmap();
            _ring.Dispose();
        }
    }
}
