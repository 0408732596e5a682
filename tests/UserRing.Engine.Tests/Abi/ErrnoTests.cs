using UserRing.Abi;

namespace UserRing.Engine.Tests.Abi;

public sealed class ErrnoTests
{
    [Theory]
    [InlineData(Errno.EINVAL, "EINVAL")]
    [InlineData(-Errno.EINVAL, "EINVAL")]
    [InlineData(Errno.EHWPOISON, "EHWPOISON")]
    [InlineData(Errno.EWOULDBLOCK, "EAGAIN")]
    public void Error_is_called_as_in_C_whatever_its_sign(int error, string name) => Assert.Equal(name, Errno.Name(error));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(41, "41")]
    [InlineData(4095, "4095")]
    [InlineData(int.MinValue, "-2147483648")]
    public void Number_without_a_name_comes_back_as_digits(int error, string name) => Assert.Equal(name, Errno.Name(error));

    [Fact]
    public void Every_constant_has_its_own_name()
    {
        string[] aliases = [nameof(Errno.EWOULDBLOCK), nameof(Errno.ENOTSUP)];
        foreach (System.Reflection.FieldInfo field in typeof(Errno).GetFields().Where(field => !aliases.Contains(field.Name)))
            Assert.Equal(field.Name, Errno.Name((int)field.GetRawConstantValue()!));
    }
}
