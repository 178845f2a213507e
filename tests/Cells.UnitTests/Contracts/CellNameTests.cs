using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Contracts;

public sealed class CellNameTests
{
    [TestCase("a")]
    [TestCase("east-1")]
    [TestCase("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk")]
    public void A_name_is_taken(string text) => Assert.That(CellName.Parse(text).Value, Is.EqualTo(text));

    [TestCase("")]
    [TestCase(null)]
    [TestCase("East")]
    [TestCase("1east")]
    [TestCase("-east")]
    [TestCase("east.1")]
    [TestCase("east_1")]
    [TestCase("öst")]
    [TestCase("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl")]
    public void Anything_else_is_not(string? text)
    {
        Assert.That(CellName.TryParse(text, out _), Is.False);
        if (text is not null)
            Assert.That(Assert.Throws<FormatException>(() => CellName.Parse(text)).Message, Does.Contain($"'{text}'"));
    }
}
