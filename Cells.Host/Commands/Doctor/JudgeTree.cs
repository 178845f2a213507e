using System.Text.Json.Nodes;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Doctor;

/// <summary>What is wrong with a running tree, as far as its top cell knows.</summary>
internal static class JudgeTree
{
    /// <summary>The oldest PostgreSQL that the cells are tested with.</summary>
    private const int OldestDatabase = 150_000;

    /// <summary>A link is full above 10,000 waiting messages; a tenth of it is worth a look.</summary>
    private const long LongBacklog = 1_000, FullBacklog = 10_000, LongLag = 10_000;

    /// <summary>Tokens and people's times are compared across machines; deadlines are not.</summary>
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromSeconds(2);

    public static IEnumerable<Finding> Of(TreeFacts facts) =>
    [
        Finding.Ok("door", $"Cell {facts.Health["cell"]} answers within {facts.RoundTrip.TotalMilliseconds:0} ms."),
        Clock(facts),
        .. Database(facts.Health["database"]!),
        Leases(facts.Health["leases"]!.AsArray()),
        .. Each("cells", facts.Cells, cell => Cell(cell, facts), $"All {facts.Cells.Count} cells are heard."),
        .. facts.Cells.Where(cell => cell!["nodes"] is not null && !(bool)cell["silent"]!).SelectMany(cell => cell!["nodes"]!.AsArray().Select(node => Node(cell, node!))).OfType<Finding>(),
        .. Each("hosts", facts.Hosts, Host, $"All {facts.Hosts.Count} hosts are up."),
        .. Each("pools", facts.Pools, Pool, $"All {facts.Pools.Count} pools are managed."),
        .. Each("links", facts.Links, Link, $"All {facts.Links.Count} links of this cell are up, without a backlog."),
        Parked(facts.Parked),
        Drift(facts.Drift),
        Overdue(facts.Overdue),
    ];

    private static Finding Clock(TreeFacts facts)
    {
        var seconds = Math.Abs(facts.ClockAhead.TotalSeconds);
        return seconds - (facts.RoundTrip.TotalSeconds / 2) > ClocksDiffer.TotalSeconds
            ? Finding.Warning("clock", $"The door's clock is {seconds:0.0} s {(facts.ClockAhead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.",
                "Let both follow a time server (timedatectl set-ntp true): tokens and the times that people are shown go by them.")
            : Finding.Ok("clock", $"The door's clock and this machine's differ by less than {ClocksDiffer.TotalSeconds:0} s.");
    }

    private static IEnumerable<Finding> Database(JsonNode database)
    {
        var unsafeSettings = new[] { "fsync", "full_page_writes", "synchronous_commit" }.Where(s => (string)database[s]! == "off").ToList();
        if (unsafeSettings.Count > 0)
            yield return Finding.Wrong("database", $"The cell's database runs with {string.Join(" and ", unsafeSettings.Select(s => $"{s} off"))}: what was answered may be lost when its machine fails.",
                "Set them to on in postgresql.conf and reload the server.");
        if ((int)database["version_number"]! < OldestDatabase)
            yield return Finding.Warning("database", $"The cell's database is PostgreSQL {database["version"]}; 15 is the oldest that is tested.", "Upgrade the server.");
        var (used, most) = ((int)database["connections"]!, (int)database["max_connections"]!);
        if (used > most * 9 / 10)
            yield return Finding.Warning("database", $"{used} of the server's {most} connections are taken.", "Raise max_connections: each cell of the server needs three.");
        if (unsafeSettings.Count == 0)
            yield return Finding.Ok("database", $"PostgreSQL {database["version"]} answers, keeps what it commits, and holds {(long)database["size_bytes"]! >> 20} MiB of this cell.");
    }

    private static Finding Leases(JsonArray leases)
    {
        var free = leases.Where(l => l!["holder"] is null).Select(l => (string)l!["name"]!).ToList();
        return free.Count > 0
            ? Finding.Warning("leases", $"Nobody holds the lease of {string.Join(", ", free)}: nothing is decided there.", "Start a node of that cell.")
            : Finding.Ok("leases", leases.Count == 0 ? "This cell needs no lease." : $"All {leases.Count} leases of this cell's database are held.");
    }

    /// <summary>Of a branch that is silent its uppermost cell is told. The door knows why its own cell's links do not work, and no others'.</summary>
    private static Finding? Cell(JsonNode cell, TreeFacts facts)
    {
        var (path, door) = ((string)cell["path"]!, (string)facts.Health["cell"]!);
        if (!(bool)cell["silent"]! || facts.Cells.Any(above => (bool)above!["silent"]! && path.StartsWith($"{above["path"]}.", StringComparison.Ordinal)))
            return null;
        var below = facts.Cells.Count(c => ((string)c!["path"]!).StartsWith($"{path}.", StringComparison.Ordinal));
        var who = below == 0 ? "its" : "their";
        var why = (string?)cell["parent"] == door
            ? $"`cells link show {cell["name"]}`, and what that process writes to standard error, say why not."
            : $"what that process and the one of {cell["parent"]} write to standard error, say why not.";
        return Finding.Wrong(
            "cells", $"Cell {path} is {Ages.Seen.Text(cell)}{(below == 0 ? "" : $", and so are the {below} below it")}: {who} servers go on, but nothing new goes there and changes to them wait.",
            $"Look whether its process runs and reaches the bus: {why}");
    }

    /// <summary>A node that ended in order is not told of; one that died is, until it is there again.</summary>
    private static Finding? Node(JsonNode cell, JsonNode node) => (bool)node["lives"]!
        ? null
        : Finding.Warning("nodes", $"Node {node["name"]} of cell {cell["name"]} is missing: {(node["pools"]!.AsArray().Count == 0 ? "others have its pools" : "its pools are being given to others")}.",
            $"Start its process again. When it shall not come back, start one with `cells run --node {node["name"]}` and end it in order: then it is forgotten.");

    private static Finding? Host(JsonNode host) => (string)host["status"]! switch
    {
        "up" => null,
        "maintenance" => Finding.Warning("hosts", $"Host {host["name"]} of cell {host["cell"]} is in maintenance.", "Return it when the work on it is done."),
        var status => Finding.Wrong("hosts", $"Host {host["name"]} of cell {host["cell"]} is {status}: no new server goes there.",
            $"Look whether {host["address"]} answers and its toolstack runs."),
    };

    /// <summary>Of a silent cell its pools' words are old, and the silence is told already.</summary>
    private static Finding? Pool(JsonNode pool)
    {
        var (name, why) = (pool["name"] ?? pool["pool"], (string?)pool["why"] ?? "no reason was told");
        return (string?)pool["status"] switch
        {
            null or "managed" => null,
            _ when (bool)pool["silent"]! => null,
            "refused" => Finding.Wrong("pools", $"Pool {name} of cell {pool["cell"]} is refused: {why}", "Do what the reason says; it is tried again each minute."),
            var status => Finding.Wrong("pools", $"Pool {name} of cell {pool["cell"]} is {status}: {why}", "Its hosts take nothing new until it is reached; it is tried again by itself."),
        };
    }

    private static Finding? Link(JsonNode link)
    {
        var (name, backlog, lag) = ((string)link["neighbour"]!, (long)link["outbox_backlog"]!, (long)link["state_lag"]!);
        if ((string?)link["problem"] is { } problem)
            return Finding.Wrong("links", $"The link to {name} cannot be used: {problem}", "Do what the reason says; the link goes on by itself.");
        if ((string)link["health"]! is var health && health != "up")
            return Finding.Wrong("links", $"The link to {name} is {health}.", $"Look whether {name} runs and its bus is reachable; work waits for it and is not lost.");
        if (backlog > FullBacklog)
            return Finding.Wrong("links", $"The link to {name} is full: {backlog} messages wait. Requests that need it are answered 503.", $"Look why {name} is slow: its database, its load.");
        return backlog > LongBacklog || lag > LongLag
            ? Finding.Warning("links", $"The link to {name} lags: {backlog} messages and {lag} changes wait.", $"Look why {name} is slow, should it not shrink.")
            : null;
    }

    private static Finding Parked(JsonArray parked) => parked.Count == 0
        ? Finding.Ok("parked", "No message is parked.")
        : Finding.Wrong("parked", $"{parked.Count} messages of {parked.Select(p => $"{p!["link"]} {p["key"]}").Distinct().Count()} keys are parked. The oldest: {parked[0]!["reason"]}",
            "See `cells link parked list`; when the reason is gone give them again with `cells link parked retry LINK KEY`.");

    private static Finding Drift(JsonArray drift) => drift.Count == 0
        ? Finding.Ok("drift", "Wishes, reports and hosts agree.")
        : Finding.Warning("drift", $"{drift.Count} things do not agree. The first: {drift[0]!["id"]}, {drift[0]!["text"]}.", "See `cells drift`.");

    private static Finding Overdue(JsonArray tasks) => tasks.Count == 0
        ? Finding.Ok("tasks", "Nothing is past its deadline.")
        : Finding.Wrong("tasks", $"{tasks.Count} requests are past their deadline. The first: {tasks[0]!["task"] ?? tasks[0]!["step"]} of server {tasks[0]!["server"]}, at cell {Column.Plain(tasks[0]!["cell"])}.",
            $"See `cells tasks --overdue` and `cells explain {tasks[0]!["server"]}`.");

    private static List<Finding> Each(string check, JsonArray things, Func<JsonNode, Finding?> judge, string allWell)
    {
        var wrong = things.Select(t => judge(t!)).OfType<Finding>().ToList();
        return wrong.Count > 0 ? wrong : [Finding.Ok(check, things.Count == 0 ? $"There are no {check}." : allWell)];
    }
}
