using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells host ...` and `cells pool ...`: hypervisors and their pools, as their compute cells last reported them.</summary>
internal static class FleetCommands
{
    private static readonly Listing Hosts = new("hosts", row => AdminCommand.Text(row, "name"), "No hosts.",
    [
        Column.Of("HOST", "name"),
        Column.Of("CELL", "cell"),
        new("STATUS", StatusOf),
        Column.Number("SERVERS", "instances"),
        Used("VCPU", "promised_vcpus", "vcpus", 0) with { Spare = 1 },
        Used("MEMORY GiB", "promised_memory_mib", "memory_mib", 10) with { Spare = 2 },
        Used("DISK GiB", "promised_sr_bytes", "sr_bytes", 30) with { Spare = 4 },
        Ages.Seen with { Spare = 3 },
        Column.Number("OUTSIDE MiB", "outside_memory_mib") with { Wide = true },
        Column.Of("ADDRESS", "address") with { Wide = true },
        Column.Of("POOL", "pool") with { Wide = true },
        Column.Of("UUID", "host") with { Wide = true },
        Column.Of("DISABLED BECAUSE", "disabled_reason") with { Wide = true },
        Column.Of("REPORTED", "updated_at") with { Wide = true },
    ]);

    private static readonly Listing Pools = new("pools", row => (string?)row["pool"] ?? AdminCommand.Text(row, "name"), "No pools.",
    [
        new("POOL", row => Column.Plain(row["name"] ?? row["pool"])),
        Column.Of("CELL", "cell"),
        Column.Of("STATUS", "status"),
        new("HOSTS UP", row => $"{row["hosts_up"]}/{row["hosts"]}") { Right = true },
        Column.Number("SERVERS", "instances"),
        Used("VCPU", "promised_vcpus", "vcpus", 0) with { Spare = 4 },
        Used("MEMORY GiB", "promised_memory_mib", "memory_mib", 10) with { Spare = 3 },
        Ages.Seen with { Spare = 2 },
        Column.Of("WHY", "why") with { Spare = 1 },
        Column.Of("SINCE", "since") with { Wide = true },
        Column.Of("COORDINATOR", "coordinator") with { Wide = true },
        Column.Number("OUTSIDE MiB", "outside_memory_mib") with { Wide = true },
        Column.Of("MEMBERS", "members") with { Wide = true },
        Column.Of("UUID", "pool") with { Wide = true },
    ]);

    public static Command Host() => new("host", "The hypervisors: health, what they have, what is promised.")
    {
        HostList("list"),
        AdminCommand.Show("host", "Name or uuid of the host.", "/hosts", row => AdminCommand.Text(row, "name")),
        HostLossCommands.Fenced(),
        HostLossCommands.Evacuate(),
        DrainCommands.Drain(),
        DrainCommands.Enable(),
    };

    /// <summary>Also the short form `cells hosts`.</summary>
    public static Command HostList(string name) => AdminCommand.List(
        name, "List the hypervisors: health, what they have, what is promised.", Hosts, "/hosts", AdminCommand.CellFilter(),
        AdminCommand.Filter("pool", "Only of the pool of this uuid."), AdminCommand.Filter("status", "Only up, suspect, down or maintenance."));

    public static Command Pool() => new("pool", "The XenAPI pools; a standalone host is a pool of one.")
    {
        AdminCommand.List("list", "List the pools: how their cells stand to them, and what their hosts sum up to.", Pools, "/pools", AdminCommand.CellFilter()),
        AdminCommand.Show("pool", "Name or uuid of the pool.", "/pools", row => (string?)row["pool"] ?? AdminCommand.Text(row, "name")),
    };

    /// <summary>Its health, and what keeps it from taking new servers though it lives.</summary>
    private static string StatusOf(JsonNode row)
    {
        var words = new List<string> { AdminCommand.Text(row, "status") };
        if ((bool?)row["forced_down"] == true)
            words.Add("forced down");
        if ((bool?)row["draining"] == true)
            words.Add(row["drain"] is { } drain ? $"draining, {(int)drain["left"]!} left{((int)drain["stuck"]!.AsArray().Count is var stuck && stuck > 0 ? $", {stuck} stuck" : "")}" : "draining");
        if ((bool?)row["disabled"] == true)
            words.Add("disabled");
        if (row["fence"] is not null)
            words.Add("fenced");
        return string.Join(", ", words);
    }

    /// <param name="shift">From the member's unit to the shown one, as a power of two.</param>
    private static Column Used(string title, string part, string whole, int shift) =>
        new(title, row => $"{Shifted(row[part]!, shift)}/{Shifted(row[whole]!, shift)}") { Right = true };

    private static string Shifted(JsonNode number, int shift) => ((long)number >> shift).ToString(CultureInfo.InvariantCulture);
}
