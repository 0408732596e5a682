using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Cases about the running of cases itself. They stand in no file and no report.</summary>
internal static class SelfCases
{
    public static IReadOnlyList<CaseEntry> All { get; } =
    [
        .. new CaseList
        {
            { "self.fine", c => c.Unlike(c.Res(Nop), c.Res(Unknown)) },
            { "self.throws", c => throw new InvalidOperationException("on purpose") },
            { ["self.first", "self.second"], c => c.Row("self.first", c.Res(Nop)) },
            { "self.hangs", c => c.Ring.Enter(0, 1, EnterFlags.GetEvents) },
            { "self.crashes", c => c.At<int>(TestMemory.Bad) = 1 },
            { "self.limits", Run.Alone, c => c.Setup(1) },
        },
    ];

    public static CaseEntry? Of(string name) => All.FirstOrDefault(entry => entry.Name == name);
}
