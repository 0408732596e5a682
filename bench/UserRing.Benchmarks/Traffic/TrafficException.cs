using UserRing.Abi;

namespace UserRing.Benchmarks.Traffic;

/// <summary>What went wrong with real traffic: a request that failed, or data that did not arrive as they were sent.</summary>
internal sealed class TrafficException(string message) : Exception(message)
{
    public static TrafficException Of(string request, int result) => new($"{request}: {Errno.Name(-result)}");
}
