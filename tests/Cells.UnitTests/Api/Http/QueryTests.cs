using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class QueryTests
{
    [TestCase(null, 1_000, false)]
    [TestCase("0", 0, false)]
    [TestCase("7", 7, false)]
    [TestCase("1001", 1_000, false)]
    [TestCase("99999999999", 1_000, false)]
    [TestCase("-1", 0, true)]
    [TestCase("seven", 0, true)]
    [TestCase("", 0, true)]
    public void A_limit_is_cut_to_the_maximum_and_never_negative(string? text, int limit, bool wrong)
    {
        var query = text is null ? Query.Empty : Of(("limit", text));

        Assert.That((query.Limit(1_000, out var problem), problem is not null), Is.EqualTo((limit, wrong)));
    }

    [Test]
    public void The_last_value_of_a_name_counts_and_all_can_be_had()
    {
        var query = Of(("a", "1"), ("b", "2"), ("a", "3"));

        Assert.That(query["a"], Is.EqualTo("3"));
        Assert.That(query["c"], Is.Null);
        Assert.That(query.All("a"), Is.EqualTo(new[] { "1", "3" }));
    }

    [Test]
    public void The_next_page_keeps_the_query_and_moves_the_marker() =>
        Assert.That(Of(("name", "a b&c"), ("marker", "old"), ("limit", "2")).With("marker", "new"), Is.EqualTo("name=a%20b%26c&limit=2&marker=new"));

    private static Query Of(params (string Name, string Value)[] items) => new([.. items.Select(item => new KeyValuePair<string, string>(item.Name, item.Value))]);
}
