using System.Runtime.InteropServices;

namespace UserRing.Engine;

/// <summary>Where an engine can exist at all.</summary>
internal static class Platform
{
    internal static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    internal static void ThrowIfUnsupported()
    {
        if (!IsSupported)
            throw new PlatformNotSupportedException("UserRing runs on Linux, on x86-64 and arm64.");
    }
}
