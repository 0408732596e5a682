using System.Runtime.Versioning;
using UserRing.Engine.Kernel;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Engine;

/// <summary>
/// The engines to choose from. An explicit choice never falls back to the other; <see cref="Auto"/> does, and says why.
/// Every member throws <see cref="PlatformNotSupportedException"/> on anything but Linux on x86-64 or arm64.
/// </summary>
[SupportedOSPlatform("linux")]
public static class RingEngines
{
    /// <summary>The environment variable that overrides <see cref="Auto"/>: kernel, managed or auto.</summary>
    public const string OverrideVariable = "URING_ENGINE";

    /// <summary>The Linux kernel's io_uring (Linux 5.1).</summary>
    public static IRingEngine Kernel
    {
        get
        {
            CheckPlatform();
            return KernelEngine.Instance;
        }
    }

    /// <summary>The managed engine, in this process. Its rings count against RLIMIT_MEMLOCK, as the kernel's do.</summary>
    public static IRingEngine Managed
    {
        get
        {
            CheckPlatform();
            return OnFirstUse.Engine;
        }
    }

    /// <summary>
    /// The kernel if it allows rings and can do what a ring requires, else the managed engine; or what the environment variable
    /// URING_ENGINE says. With <c>managed</c> there the kernel's calls are not even tried.
    /// </summary>
    /// <exception cref="InvalidOperationException">URING_ENGINE has another value than kernel, managed or auto.</exception>
    public static AutoEngine Auto
    {
        get
        {
            CheckPlatform();
            return AutoEngine.FromEnvironment();
        }
    }

    /// <summary>The engine of that name: "kernel", "managed" or "auto".</summary>
    /// <exception cref="ArgumentException">There is no such engine.</exception>
    public static IRingEngine Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name switch
        {
            "kernel" => Kernel,
            "managed" => Managed,
            "auto" => Auto,
            _ => throw new ArgumentException($"There is no engine '{name}'; the engines are kernel, managed and auto.", nameof(name)),
        };
    }

    private static void CheckPlatform()
    {
        if (!Libc.IsSupported)
            throw new PlatformNotSupportedException("UserRing runs on Linux on x86-64 and arm64 only.");
    }

    private static class OnFirstUse
    {
        internal static readonly ManagedEngine Engine = new();
    }
}
