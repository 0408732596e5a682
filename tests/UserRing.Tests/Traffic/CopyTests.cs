using UserRing.Benchmarks.Copy;
using UserRing.Benchmarks.Traffic;

namespace UserRing.Tests;

/// <summary>The tree copy of the benchmarks, at a modest size, and the comparison by which it is judged.</summary>
public sealed class CopyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose()
    {
        SampleTree.Remove(_folder.Path);
        Directory.CreateDirectory(_folder.Path);
        _folder.Dispose();
    }

    [Theory, EveryEngine]
    public void A_copied_tree_is_equal_in_content_permissions_and_links(string engine)
    {
        SampleTree.Create(_folder["tree"], 300, 7, CancellationToken.None);
        CopyResult result = Copy(engine, "tree", "copy");
        Assert.Equal(300, result.Files);
        Assert.InRange(result.Folders, 15, 100);
        Assert.InRange(result.Links, 15, 100);
        Assert.InRange(result.Bytes, 1 << 20, long.MaxValue);
    }

    [Theory, EveryEngine]
    public void What_is_no_file_ends_the_copy(string engine)
    {
        Directory.CreateDirectory(_folder["tree"]);
        Assert.Equal(0, TestLibc.MakeFifo(_folder["tree/fifo"]));
        Assert.Contains("fifo", Assert.Throws<TrafficException>(() => Copy(engine, "tree", "copy")).Message);
    }

    [Theory, EveryEngine]
    public void A_copy_does_not_go_where_something_is(string engine)
    {
        Directory.CreateDirectory(_folder["tree"]);
        Assert.Contains("EEXIST", Assert.Throws<TrafficException>(() => Copy(engine, "tree", "tree")).Message);
        Assert.Contains("nothing", Assert.ThrowsAny<Exception>(() => Copy(engine, "nothing", "copy")).Message);
    }

    [Fact]
    public void The_comparison_sees_what_differs()
    {
        SampleTree.Create(_folder["tree"], 3, 1, CancellationToken.None);
        Directory.CreateDirectory(_folder["other"]);
        AssertDiffers("was not copied");
        SampleTree.Remove(_folder["other"]);
        SampleTree.Create(_folder["other"], 3, 1, CancellationToken.None);
        TreeComparison.Demand(_folder["tree"], _folder["tree"], CancellationToken.None);
        string file = Directory.GetFiles(_folder["other"], "file 0", SearchOption.AllDirectories)[0];
        File.AppendAllText(file, "x");
        AssertDiffers("other content");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        AssertDiffers("became");

        void AssertDiffers(string how)
        {
            TrafficException difference = Assert.Throws<TrafficException>(
                () => TreeComparison.Demand(_folder["tree"], _folder["other"], CancellationToken.None));
            Assert.Contains(how, difference.Message);
        }
    }

    private CopyResult Copy(string engine, string from, string to)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return new CopyRun(TestEngines.Get(engine), _folder[from], _folder[to]).Run(bound.Token);
    }
}
