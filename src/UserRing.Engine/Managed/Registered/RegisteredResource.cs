using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// Something a program registered, used by index. The table holds one reference and each parked request another: what is taken out of
/// the table lives on until its last request is done. Only then is its tag, if it has one, posted as a completion.
/// </summary>
internal abstract class RegisteredResource(ulong tag)
{
    private ReferenceCount _references = new(1);

    /// <summary>For a thread without the submit lock, which may come too late.</summary>
    internal bool TryAddReference() => _references.TryAdd();

    /// <summary>Submit lock held, or another reference.</summary>
    internal void AddReference() => _references.Add();

    /// <summary>Drops a reference; the last one frees it and posts the tag in <paramref name="batch"/> (null: the ring is going).</summary>
    internal void Release(IssueBatch? batch)
    {
        if (!_references.Drop())
            return;
        Free();
        if (tag != 0)
            batch?.Post(tag, 0);
    }

    protected abstract void Free();
}

/// <summary>A registered file: a duplicate of the program's descriptor, so that the program may close its own.</summary>
internal sealed class RegisteredFile(int descriptor, ulong tag) : RegisteredResource(tag)
{
    internal int Descriptor { get; } = descriptor;

    protected override void Free() => Libc.Close(Descriptor);
}

/// <summary>A registered buffer of one ring; several rings may share the memory.</summary>
internal sealed class RegisteredBuffer(BufferMemory memory, ulong tag) : RegisteredResource(tag)
{
    private readonly nuint _address = memory.Address, _length = memory.Length;

    /// <summary>The same memory for a slot of its own.</summary>
    internal RegisteredBuffer Share()
    {
        memory.AddReference();
        return new RegisteredBuffer(memory, tag: 0);
    }

    /// <summary>Whether the range lies inside, the end included.</summary>
    internal bool Contains(nuint start, nuint bytes) =>
        start >= _address && start - _address <= _length && bytes <= _length - (start - _address);

    protected override void Free() => memory.Release();
}

/// <summary>
/// The memory of a registered buffer: a range of the program's, checked and made resident when registered. Memory cannot be pinned from
/// user space: a program that unmaps it gets EFAULT from later requests where the kernel's engine would go on using the old pages.
/// </summary>
internal sealed class BufferMemory(nuint address, nuint length, MemlockCharge charge)
{
    private ReferenceCount _references = new(1);
    private MemlockCharge _charge = charge;

    internal nuint Address => address;

    internal nuint Length => length;

    internal void AddReference() => _references.Add();

    internal void Release()
    {
        if (_references.Drop())
            _charge.GiveBack();
    }
}
