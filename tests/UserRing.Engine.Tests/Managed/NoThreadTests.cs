using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>A process that may start no more threads.</summary>
public sealed class NoThreadTests
{
    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_request_that_no_worker_can_be_started_for_ends_and_the_next_one_works(string engine) =>
        Child.Succeeds(NoWorker, [engine]);

    [Scenario]
    private static void NoWorker(string[] arguments)
    {
        OtherUser.Become();
        using TestFile file = TestFile.Create("content"u8, folder: Path.GetTempPath());
        using var ring = new SeamRing(arguments[0]);
        using (var warm = new SeamRing(arguments[0]))
        {
            warm.Nops(1);
            Assert.Equal(0, warm.Result());
        }

        Lowered.Limit(OtherUser.ProcessLimit, 1, () =>
        {
            for (int i = 0; i < 3; i++)
            {
                // As on the kernel, whose first worker's failure cancels what waits for it.
                ring.Next().PrepareFsync(file);
                ring.Next().PrepareNop().Flags = SqeFlags.Async;
                Assert.Equal(2, ring.Submit());
                Assert.All(ring.Take(2), cqe => Assert.Equal(-Errno.ECANCELED, cqe.Res));
            }

            return true;
        });

        ring.Next().PrepareFsync(file);
        Assert.Equal(0, ring.Result());
    }
}
