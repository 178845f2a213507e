using System.CommandLine;

namespace Cells.Host.Commands.Output;

/// <summary>How a command writes what it was asked for.</summary>
internal enum OutputForm
{
    /// <summary>For people: columns, the least important left out where they do not fit.</summary>
    Table,

    /// <summary>Every column, whatever the width.</summary>
    Wide,

    Json,
    Yaml,

    /// <summary>The name or id of each thing, one a line: for shell loops.</summary>
    Name,
}

internal static class OutputForms
{
    public static Option<string> Option() => new Option<string>("--output", "-o")
    {
        Description = "table, wide, json, yaml or name",
        DefaultValueFactory = _ => "table",
    }.AcceptOnlyFromAmong("table", "wide", "json", "yaml", "name");

    public static OutputForm Of(string word) => Enum.Parse<OutputForm>(word, ignoreCase: true);
}
