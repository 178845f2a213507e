using System.CommandLine;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells task list` and `cells drift`: what is under way, and what does not agree.</summary>
internal static class WorkCommands
{
    private static readonly Listing Tasks = new("tasks", row => AdminCommand.Text(row, "server"), "Nothing is under way.",
    [
        Column.Of("SERVER", "server"),
        Column.Of("NAME", "name") with { Spare = 5 },
        Column.Of("TASK", "task"),
        new("STEP", row => row["step"] is { } step ? $"{((bool)row["undoing"]! ? "undo " : "")}{step} {row["step_number"]}/{row["steps"]}" : "-"),
        new("DONE", row => row["percent"] is { } percent ? $"{percent}%" : "-") { Right = true },
        new("SINCE", row => Ages.Of((double)row["since_seconds"]!)),
        new("DUE", row => (bool)row["overdue"]! ? "overdue" : Column.Plain(row["deadline"])) { Spare = 3 },
        Column.Of("CELL", "cell") with { Spare = 1 },
        Column.Of("HOST", "host") with { Spare = 2 },
        Ages.Seen with { Spare = 4 },
        Column.Of("REQUEST", "request_id") with { Wide = true },
        Column.Of("PROJECT", "project") with { Wide = true },
    ]);

    private static readonly Listing Drifts = new("drift", row => AdminCommand.Text(row, "id"), "No drift.",
    [
        Column.Of("KIND", "kind"),
        Column.Of("CELL", "cell"),
        Column.Of("HOST", "host"),
        Column.Of("ID", "id"),
        Column.Of("WHAT", "text"),
        Column.Of("SINCE", "since") with { Spare = 1 },
        Column.Of("NAME", "name") with { Wide = true },
        Column.Of("POOL", "pool") with { Wide = true },
        Column.Of("LAST SEEN", "last_seen") with { Wide = true },
    ]);

    public static Command Task() => new("task", "What is being done with servers.") { TaskList("list") };

    /// <summary>Also the short form `cells tasks`.</summary>
    public static Command TaskList(string name) => AdminCommand.List(
        name, "List what is being done with servers: step, progress, deadline.", Tasks, "/tasks", AdminCommand.CellFilter(),
        new Option<bool>("--overdue") { Description = "Only what is past its deadline." });

    public static Command Drift() => AdminCommand.List("drift", "List where wishes, reports and hosts contradict each other.", Drifts, "/drift", AdminCommand.CellFilter());
}
