using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class PagesTests
{
    private static readonly string[] All = ["a", "b", "c", "d"];

    [TestCase(null, 2, "ab", "b")]
    [TestCase("b", 2, "cd", "d")]      // full: as Nova has it, a link to more, whether or not there is more
    [TestCase("b", 3, "cd", null)]
    [TestCase("d", 2, "", null)]
    [TestCase(null, 0, "", null)]
    [TestCase(null, 9, "abcd", null)]
    public void A_page_is_what_comes_after_the_marker(string? marker, int limit, string items, string? next)
    {
        var page = All.Cut(item => item, marker, limit)!;

        Assert.That(string.Concat(page.Items), Is.EqualTo(items));
        Assert.That(page.Next, Is.EqualTo(next));
    }

    [Test]
    public void Whatever_the_limit_following_the_links_shows_everything_once([Range(1, 6)] int limit)
    {
        var seen = new List<string>();
        for (var page = All.Cut(item => item, null, limit)!; ; page = All.Cut(item => item, page.Next, limit)!)
        {
            seen.AddRange(page.Items);
            if (page.Next is null)
                break;
        }

        Assert.That(seen, Is.EqualTo(All));
    }

    [Test]
    public void A_marker_that_is_not_in_the_list_is_no_page() => Assert.That(All.Cut(item => item, "e", 2), Is.Null);
}
