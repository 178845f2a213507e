using System.Text.Json.Nodes;
using Cells.Host.Commands.Output;
using NUnit.Framework;
using Spectre.Console;

namespace Cells.UnitTests.Host.Commands;

/// <summary>How commands write what they were told: for people and for programs.</summary>
public sealed class OutputTests
{
    private static readonly Listing Things = new("things", row => (string)row["id"]!, "No things.",
    [
        Column.Of("ID", "id"),
        Column.Number("COUNT", "count") with { Spare = 1 },
        Column.Of("CELL", "cell") with { Spare = 2 },
        Column.Of("NOTE", "note") with { Wide = true },
    ]);

    private static JsonNode Document => JsonNode.Parse("""
        {"things": [
            {"id": "[a]", "count": 7, "cell": "east-1", "note": "true"},
            {"id": "b", "count": 1234, "cell": null, "note": ["x", "y"]}]}
        """)!;

    [Test]
    public void A_table_is_a_line_a_row_with_numbers_under_each_others_ends()
    {
        Assert.That(List(OutputForm.Table), Is.EqualTo(new[]
        {
            "ID   COUNT  CELL",
            "[a]      7  east-1",
            "b     1234  -",
        }));
    }

    [Test]
    public void Wide_shows_every_column_also_where_the_terminal_is_narrow()
    {
        Assert.That(List(OutputForm.Wide, width: 10)[1], Is.EqualTo("[a]      7  east-1  true"));
    }

    [TestCase(18, "ID   COUNT  CELL")]
    [TestCase(17, "ID   COUNT")]
    [TestCase(10, "ID   COUNT")]
    [TestCase(9, "ID")]
    [TestCase(2, "ID")]
    public void A_narrow_terminal_goes_without_what_can_be_spared_the_highest_first(int width, string title)
    {
        int[] widths = [3, 5, 6];

        var kept = ListingTable.Fit([.. Things.Columns.Where(c => !c.Wide)], widths, width);

        Assert.That(string.Join(' ', kept.Select(c => c.Title)), Is.EqualTo(string.Join(' ', title.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    [Test]
    public void Names_are_one_a_line()
    {
        Assert.That(List(OutputForm.Name), Is.EqualTo(new[] { "[a]", "b" }));
    }

    [Test]
    public void Json_is_the_document_itself()
    {
        var text = string.Join('\n', List(OutputForm.Json));

        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(text), Document), text);
    }

    [Test]
    public void Yaml_keeps_the_types_a_text_that_looks_like_another_type_is_quoted()
    {
        Assert.That(List(OutputForm.Yaml), Is.EqualTo(new[]
        {
            "things:",
            "- id: '[a]'",
            "  count: 7",
            "  cell: east-1",
            "  note: \"true\"",
            "- id: b",
            "  count: 1234",
            "  cell:",
            "  note:",
            "  - x",
            "  - y",
        }));
    }

    [Test]
    public void One_thing_is_a_line_a_member_and_inner_members_have_their_path()
    {
        using var text = new StringWriter();

        Written.One(Console(text, 80), OutputForm.Table, row => "n", JsonNode.Parse("""{"name": "east", "capacity": {"vcpus": 3}, "problem": null, "members": ["h1", "h2"]}""")!);

        Assert.That(Lines(text), Is.EqualTo(new[] { "name            east", "capacity.vcpus  3", "problem         -", "members         h1, h2" }));
    }

    [TestCase(-3, "0s")]
    [TestCase(0.4, "0s")]
    [TestCase(119.9, "119s")]
    [TestCase(120, "2m")]
    [TestCase(7_199, "119m")]
    [TestCase(7_200, "2h")]
    [TestCase(172_800, "2d")]
    public void An_age_is_one_unit_rounded_down(double seconds, string expected) => Assert.That(Ages.Of(seconds), Is.EqualTo(expected));

    [TestCase("""{"silent": false, "heard_seconds_ago": 2.5}""", "2s")]
    [TestCase("""{"silent": true, "heard_seconds_ago": 190}""", "silent 3m")]
    [TestCase("""{"silent": true, "heard_seconds_ago": null}""", "silent, never heard")]
    [TestCase("""{"silent": false, "heard_seconds_ago": null}""", "-")]
    public void A_row_of_a_silent_cell_says_so_with_its_age(string row, string expected) =>
        Assert.That(Ages.Seen.Text(JsonNode.Parse(row)!), Is.EqualTo(expected));

    private static string[] List(OutputForm form, int width = 80)
    {
        using var text = new StringWriter();
        Written.List(Console(text, width), form, Things, Document);
        return Lines(text);
    }

    private static string[] Lines(StringWriter text) => [.. text.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd())];

    private static IAnsiConsole Console(TextWriter text, int width)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        return console;
    }
}
