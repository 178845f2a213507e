using System.Globalization;
using System.Text.Json.Serialization;
using Cells.Contracts;

namespace Cells.Host.Bench;

/// <summary>What a tree costs that nobody asks anything: 4 compute cells with hosts that report. The simulator of the hosts is another process and does not count.</summary>
internal sealed class IdleBench(TimeProvider time, IIdSource ids)
{
    private const int Cells = 4;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    public async Task<IdleResult> RunAsync(int hostsPerCell, int seconds, CancellationToken stop)
    {
        await using var tree = await ChildTree.StartAsync(BenchTopology.OfCells(Cells, hostsPerCell), ids, time, stop);
        await Task.Delay(Settle, time, stop);
        var (load, began) = (MachineLoad.Now(), time.GetTimestamp());
        var (ours, database) = (CpuTime.Of(tree.Pid, andChildren: false), CpuTime.Of(tree.PostmasterPid, andChildren: true));
        await Task.Delay(TimeSpan.FromSeconds(seconds), time, stop);
        ours = CpuTime.Of(tree.Pid, andChildren: false) - ours;
        database = CpuTime.Of(tree.PostmasterPid, andChildren: true) - database;
        var wall = time.GetElapsedTime(began);
        return new IdleResult(Cells, hostsPerCell, Percent(ours, wall), Percent(database, wall), ResidentMib(tree.Pid), seconds, load);
    }

    private static double Percent(TimeSpan cpu, TimeSpan wall) => Math.Round(100 * cpu / wall, 1);

    // proc(5): status, VmRSS, in KiB.
    private static long ResidentMib(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}

/// <param name="CpuPercentOurs">Of one core.</param>
/// <param name="ResidentMib">Of the tree's process, which holds all its cells.</param>
internal sealed record IdleResult(
    [property: JsonPropertyName("cells")] int Cells,
    [property: JsonPropertyName("hosts_per_cell")] int HostsPerCell,
    [property: JsonPropertyName("cpu_percent_ours")] double CpuPercentOurs,
    [property: JsonPropertyName("cpu_percent_postgresql")] double CpuPercentPostgreSql,
    [property: JsonPropertyName("rss_mib_ours")] long ResidentMib,
    [property: JsonPropertyName("seconds")] int Seconds,
    [property: JsonPropertyName("load_at_start")] string LoadAtStart);
