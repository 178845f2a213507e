using Cells.Api.Storage;
using NpgsqlTypes;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Storage;

public sealed class KeysetTests
{
    private static readonly SortKey Name = new("name", NpgsqlDbType.Text, Ascending: true);
    private static readonly SortKey Time = new("created_at", NpgsqlDbType.TimestampTz, Ascending: false);
    private static readonly SortKey Id = new("id", NpgsqlDbType.Uuid, Ascending: false);

    [Test]
    public void Keys_of_one_direction_are_one_row_comparison()
    {
        var order = new Keyset([Time, Id]);

        Assert.That(order.OrderBy, Is.EqualTo("created_at desc, id desc"));
        Assert.That(order.After(["t", "i"]).Condition, Is.EqualTo("(created_at, id) < (@marker0, @marker1)"));
    }

    [Test]
    public void Keys_of_two_directions_are_compared_one_after_the_other() => Assert.That(
        new Keyset([Name, Time, Id]).After(["n", "t", "i"]).Condition,
        Is.EqualTo("((name > @marker0) or (name = @marker0 and created_at < @marker1) or (name = @marker0 and created_at = @marker1 and id < @marker2))"));

    [Test]
    public void The_first_page_comes_after_nothing()
    {
        var (condition, parameters) = new Keyset([Name, Id]).After(null);

        Assert.That((condition, parameters.Count), Is.EqualTo(("true", 0)));
    }
}
