using System.Globalization;

namespace Cells.Host.Bench;

/// <summary>CPU time of processes as /proc shows it (proc(5): stat fields 14, 15 of the process, 16, 17 of its ended children), in clock ticks of 10 ms.</summary>
internal static class CpuTime
{
    private const double SecondsPerTick = 0.01;                  // USER_HZ is 100 on every Linux we run on

    /// <summary>The process itself, and, with <paramref name="andChildren"/>, every process that descends from it now or did.</summary>
    public static TimeSpan Of(int pid, bool andChildren)
    {
        var all = Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var p) ? p : 0).Where(p => p > 0)
            .Select(Read).OfType<Usage>().ToDictionary(u => u.Pid);
        var seconds = 0.0;
        foreach (var usage in all.Values)
            if (usage.Pid == pid || (andChildren && Descends(usage, pid, all)))
                seconds += SecondsPerTick * (usage.Own + (andChildren ? usage.EndedChildren : 0));
        return TimeSpan.FromSeconds(seconds);
    }

    /// <summary>The database server's own process in a private cluster's directory.</summary>
    public static int Postmaster(string clusterDirectory) => Int(File.ReadLines(Path.Combine(clusterDirectory, "data", "postmaster.pid")).First());

    private static bool Descends(Usage usage, int ancestor, Dictionary<int, Usage> all)
    {
        for (var at = usage; at.Parent > 1 && all.TryGetValue(at.Parent, out var above); at = above)
            if (above.Pid == ancestor)
                return true;
        return false;
    }

    private static Usage? Read(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var f = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new Usage(pid, Int(f[1]), Long(f[11]) + Long(f[12]), Long(f[13]) + Long(f[14]));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;                                         // it ended while it was read
        }
    }

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Usage(int Pid, int Parent, long Own, long EndedChildren);
}
