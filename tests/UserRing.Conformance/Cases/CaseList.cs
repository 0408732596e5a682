using System.Collections;

namespace UserRing.Conformance;

/// <summary>How a case is run.</summary>
internal enum Run
{
    /// <summary>On a thread of its own, beside others in the same process.</summary>
    Together,

    /// <summary>In a process of its own: for limits, users, and what counts descriptors or must be the first to use a ring.</summary>
    Alone,
}

/// <summary>One case: the rows it produces, in the order of the file, and how.</summary>
internal sealed record CaseEntry(string[] Rows, Run Run, Action<Case> Body)
{
    /// <summary>A case goes by the name of its first row.</summary>
    public string Name => Rows[0];
}

/// <summary>
/// Cases of an area, written as a collection initializer in a static field; any class may hold one, all are found by reflection.
/// </summary>
internal sealed class CaseList : IEnumerable<CaseEntry>
{
    private readonly List<CaseEntry> _entries = [];

    /// <summary>A row whose value the body returns.</summary>
    public void Add(string row, Func<Case, long> body) => Add(row, Run.Together, body);

    /// <summary>A row whose value the body returns.</summary>
    public void Add(string row, Run run, Func<Case, long> body) => _entries.Add(new([row], run, c => c.Row(row, body(c))));

    /// <summary>Rows that continue each other: the body records each with <see cref="Case.Row"/>.</summary>
    public void Add(string[] rows, Action<Case> body) => Add(rows, Run.Together, body);

    /// <summary>Rows that continue each other: the body records each with <see cref="Case.Row"/>.</summary>
    public void Add(string[] rows, Run run, Action<Case> body) => _entries.Add(new(rows, run, body));

    public IEnumerator<CaseEntry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
