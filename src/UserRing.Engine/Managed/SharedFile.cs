using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// One duplicate of a program's descriptor for all requests of a batch that go to workers with it: thirty-two reads of a file that
/// cannot be tried without blocking cost one duplicate, not thirty-two. Pooled per ring; the last of them to finish closes it.
/// </summary>
internal sealed class SharedFile(SharedFilePool pool)
{
    private ReferenceCount _references;

    internal int Descriptor { get; private set; }

    internal SharedFile? NextFree { get; set; }

    /// <summary>Begins a use, with one reference.</summary>
    internal void Begin(int descriptor) => (Descriptor, _references) = (descriptor, new ReferenceCount(1));

    internal void AddReference() => _references.Add();

    internal void Release()
    {
        if (!_references.Drop())
            return;
        Libc.Close(Descriptor);
        pool.Return(this);
    }
}

/// <summary>Shared files of one ring, used again.</summary>
internal sealed class SharedFilePool
{
    private const int MostKept = 64;

    private readonly Lock _lock = new();
    private SharedFile? _free;
    private int _count;

    internal SharedFile Rent(int descriptor)
    {
        SharedFile? file;
        lock (_lock)
        {
            file = _free;
            if (file is not null)
            {
                _free = file.NextFree;
                _count--;
            }
        }

        file ??= new SharedFile(this);
        file.Begin(descriptor);
        return file;
    }

    internal void Return(SharedFile file)
    {
        lock (_lock)
        {
            if (_count == MostKept)
                return;
            file.NextFree = _free;
            _free = file;
            _count++;
        }
    }
}
