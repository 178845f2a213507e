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
        Column.Of("STATUS", "status"),
        Column.Number("SERVERS", "instances"),
        Used("VCPU", "promised_vcpus", "vcpus", 0) with { Spare = 1 },
        Used("MEMORY GiB", "promised_memory_mib", "memory_mib", 10) with { Spare = 2 },
        Used("DISK GiB", "promised_sr_bytes", "sr_bytes", 30) with { Spare = 4 },
        Ages.Seen with { Spare = 3 },
        Column.Number("OUTSIDE MiB", "outside_memory_mib") with { Wide = true },
        Column.Of("ADDRESS", "address") with { Wide = true },
        Column.Of("POOL", "pool") with { Wide = true },
        Column.Of("UUID", "host") with { Wide = true },
        Column.Of("REPORTED", "updated_at") with { Wide = true },
    ]);

    private static readonly Listing Pools = new("pools", row => AdminCommand.Text(row, "pool"), "No pools.",
    [
        Column.Of("POOL", "pool"),
        Column.Of("CELL", "cell"),
        new("HOSTS UP", row => $"{row["hosts_up"]}/{row["hosts"]}") { Right = true },
        Column.Number("SERVERS", "instances"),
        Used("VCPU", "promised_vcpus", "vcpus", 0) with { Spare = 1 },
        Used("MEMORY GiB", "promised_memory_mib", "memory_mib", 10) with { Spare = 2 },
        Ages.Seen with { Spare = 3 },
        Column.Number("OUTSIDE MiB", "outside_memory_mib") with { Wide = true },
        Column.Of("MEMBERS", "members") with { Wide = true },
    ]);

    public static Command Host() => new("host", "The hypervisors: health, what they have, what is promised.")
    {
        HostList("list"),
        AdminCommand.Show("host", "Name or uuid of the host.", "/hosts", row => AdminCommand.Text(row, "name")),
    };

    /// <summary>Also the short form `cells hosts`.</summary>
    public static Command HostList(string name) => AdminCommand.List(
        name, "List the hypervisors: health, what they have, what is promised.", Hosts, "/hosts", AdminCommand.CellFilter(),
        AdminCommand.Filter("pool", "Only of the pool of this uuid."), AdminCommand.Filter("status", "Only up, suspect, down or maintenance."));

    public static Command Pool() => new("pool", "The XenAPI pools; a standalone host is a pool of one.")
    {
        AdminCommand.List("list", "List the pools, summed over their hosts.", Pools, "/pools", AdminCommand.CellFilter()),
        AdminCommand.Show("pool", "Uuid of the pool.", "/pools", row => AdminCommand.Text(row, "pool")),
    };

    /// <param name="shift">From the member's unit to the shown one, as a power of two.</param>
    private static Column Used(string title, string part, string whole, int shift) =>
        new(title, row => $"{Shifted(row[part]!, shift)}/{Shifted(row[whole]!, shift)}") { Right = true };

    private static string Shifted(JsonNode number, int shift) => ((long)number >> shift).ToString(CultureInfo.InvariantCulture);
}
