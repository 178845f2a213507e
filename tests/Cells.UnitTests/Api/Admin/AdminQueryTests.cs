using Cells.Api.Admin;
using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Admin;

public sealed class AdminQueryTests
{
    [Test]
    public void A_parameter_that_the_route_does_not_know_is_refused_with_those_that_it_knows()
    {
        Assert.That(Of("cel=east", "cell", "limit").Refusal?.Message, Is.EqualTo("There is no parameter 'cel' here. There are: cell, limit."));
        Assert.That(Of("cel=east").Refusal?.Message, Is.EqualTo("There is no parameter 'cel' here. There is none."));
    }

    [TestCase("cell=No Such", "cell 'No Such' is not a cell name.")]
    [TestCase("id=seven", "id 'seven' is not a uuid.")]
    [TestCase("status=odd", "status 'odd' is none of: up, down.")]
    [TestCase("flag=yes", "flag 'yes' is none of: true, false.")]
    [TestCase("limit=0", "limit must be at least 1.")]
    [TestCase("limit=x", "Invalid input for query parameters limit. Value: x. It is not a number.")]
    public void The_first_wrong_value_is_named(string query, string refusal)
    {
        var asked = Of(query, "cell", "id", "status", "flag", "limit");

        (_, _, _, _, _) = (asked.Cell("cell"), asked.Id("id"), asked.OneOf("status", "up", "down"), asked.Flag("flag"), asked.Limit());

        Assert.That((asked.Refusal?.Status, asked.Refusal?.Message), Is.EqualTo(((int?)400, refusal)));
    }

    [TestCase("", AdminQuery.MaximumPage)]
    [TestCase("limit=5", 5)]
    [TestCase("limit=100000", AdminQuery.MaximumPage)]
    public void A_page_has_a_size(string query, int expected)
    {
        var asked = Of(query, "limit");

        Assert.That((asked.Limit(), asked.Refusal), Is.EqualTo((expected, (ApiResult?)null)));
    }

    private static AdminQuery Of(string query, params string[] known) => new(
        new Query([.. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')).Select(p => KeyValuePair.Create(p[0], p[1]))]), known);
}
