using System.Text.Json.Nodes;

namespace Cells.Host.Commands.Output;

/// <summary>One column of a list.</summary>
/// <param name="Text">What a row shows there; "-" for what is not known.</param>
internal sealed record Column(string Title, Func<JsonNode, string> Text)
{
    /// <summary>Only with -o wide.</summary>
    public bool Wide { get; init; }

    /// <summary>0: always there. Otherwise the highest goes first on a narrow terminal.</summary>
    public int Spare { get; init; }

    /// <summary>Numbers stand under each other's ends.</summary>
    public bool Right { get; init; }

    /// <summary>A column that shows a member as it is.</summary>
    public static Column Of(string title, string member) => new(title, row => Plain(row[member]));

    /// <summary>A number, at the right edge of its column.</summary>
    public static Column Number(string title, string member) => Of(title, member) with { Right = true };

    public static string Plain(JsonNode? value) => value switch
    {
        null => "-",
        JsonArray { Count: 0 } => "-",
        JsonArray items => string.Join(", ", items.Select(Plain)),
        _ => value.ToString() is { Length: > 0 } text ? text : "-",
    };
}

/// <summary>A kind of thing that is listed.</summary>
/// <param name="Key">Member of the document that holds the rows.</param>
/// <param name="Name">What -o name writes of a row.</param>
/// <param name="None">What is said where there is none.</param>
internal sealed record Listing(string Key, Func<JsonNode, string> Name, string None, IReadOnlyList<Column> Columns);
