using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>What is told about operations says neither more nor less than there is.</summary>
public sealed class OpFactsTests
{
    public static TheoryData<Opcode> Opcodes => [.. Enumerable.Range(0, AbiCounts.Opcodes).Select(number => (Opcode)number)];

    [Theory, MemberData(nameof(Opcodes))]
    public void Operation_without_functions_is_refused_with_a_reason(Opcode opcode)
    {
        OperationSupport told = ManagedEngine.Describe(opcode);
        Assert.True(OpTable.Supports(opcode) || told.State == OperationState.Refused);
        Assert.Equal(told.State == OperationState.Full, told.Why is null);
        if (told.State == OperationState.Refused)
            Assert.Equal(WaitingPlace.Inline, told.Waits);
    }

    [Fact]
    public void Every_number_can_be_asked_for()
    {
        for (int number = 0; number <= byte.MaxValue; number++)
            Assert.True(Enum.IsDefined(ManagedEngine.Describe((Opcode)number).State));
    }

    [Fact]
    public void Of_Linux_6_18_only_receiving_without_a_copy_is_refused() => Assert.Equal(
        [Opcode.RecvZc],
        Enumerable.Range(0, AbiCounts.OpcodesIn618).Select(number => (Opcode)number)
            .Where(opcode => ManagedEngine.Describe(opcode).State == OperationState.Refused));
}
