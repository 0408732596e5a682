using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>
/// What the engine borrowed of a caller is given back, however a request ends. In children, since it is counted for the process.
/// </summary>
public sealed class CopyingCallerTests
{
    private const int Rounds = 50;

    [Fact]
    public void Every_loan_and_descriptor_is_given_back() => Child.Succeeds(Storm);

    [Fact]
    public void Released_rings_give_back_what_their_requests_hold() => Child.Succeeds(Releases);

    [Scenario]
    private static void Storm()
    {
        using var ring = new SeamRing(TestEngines.Copying, 64);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Numbered(1 << 16);
        using TestFile direct = TestFile.Numbered(1 << 16, Libc.O_RDWR | Libc.O_DIRECT);
        using var memory = new TestMemory(1 << 16);
        nuint vector = memory.Put(0, new IoVec { Base = memory.At(512), Len = 64 }, new IoVec { Base = memory.At(1024), Len = 64 });
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 1 << 16 }));
        for (int round = 0; round < Rounds; round++)
        {
            TestLibc.ForgetPages(file);
            ring.Next().PrepareRead(file, memory.At(4096), 4096, 8192);
            ring.Next().PrepareReadv(file, vector, 2, 100);
            ring.Next().PrepareReadFixed(file, memory.At(8192), 4096, 4096, 0);
            ring.Next().PrepareWrite(file, memory.At(4096), 4096, 0);
            ring.Next().PrepareRead(file, TestMemory.ReadOnly, 4096, 0);
            ring.Next().PrepareWrite(file, TestMemory.Bad, 4096, 0);
            ring.Next().PrepareRead(direct, memory.At(12288), 4096, 4096);
            ring.Next().PrepareRead(direct, memory.At(12288), 100, 7);
            ring.Next().PrepareRead(TestDescriptor.Closed, memory.At(4096), 100, 0);
            ring.Next().PrepareFsync(file);
            ring.Next().PrepareRead(pipe.ReadEnd, memory.At(16384), 1, 0).UserData = 1;
            ring.Next().PrepareReadv(pipe.ReadEnd, vector, 2, 0).UserData = 2;
            ring.Next().PrepareRead(pipe.ReadEnd, memory.At(16384), 1, 0).Flags = SqeFlags.Async;
            ring.Next().PreparePollAdd(pipe.ReadEnd, (uint)Libc.POLLIN).UserData = 3;
            Assert.Equal(14, ring.Submit());
            ring.Take(10);
            ring.Next().PrepareAsyncCancel(1);
            Assert.Equal(1, ring.Submit());
            ring.Take(2);
            ring.Next().PrepareAsyncCancel(0, CancelFlags.Any);
            Assert.Equal(1, ring.Submit());
            ring.Take(4);
        }

        AssertNothingIsHeld();
    }

    [Scenario]
    private static void Releases()
    {
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Numbered(1 << 16);
        using var memory = new TestMemory(1 << 16);
        for (int round = 0; round < Rounds; round++)
        {
            TestLibc.ForgetPages(file);
            using var ring = new SeamRing(TestEngines.Copying, 64, round % 2 == 0 ? SetupFlags.None : SetupFlags.SqPoll, idleMs: 1000);
            for (int i = 0; i < 10; i++)
            {
                ring.Next().PrepareRead(pipe.ReadEnd, memory.At(4096 * i), 100, 0);
                ring.Next().PrepareRead(file, memory.At(4096 * i), 4096, (ulong)(i * 4096));
                ring.Next().PrepareWrite(file, memory.At(4096 * i), 4096, (ulong)(i * 4096));
            }

            ring.PublishAndWake();
            if (round % 2 == 0)
                Assert.Equal(30, ring.Submit());
        }

        AssertNothingIsHeld();
    }

    private static void AssertNothingIsHeld()
    {
        Until.True(() => CopyingCaller.LiveLoans == 0, "every loan has ended");
        Until.True(() => CopyingCaller.LiveDescriptors == 0, "every borrowed descriptor is closed");
    }
}
