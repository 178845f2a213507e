namespace Cells.Host.Bench;

/// <summary>How busy the machine is already: a figure measured on a busy one says so.</summary>
internal static class MachineLoad
{
    /// <summary>Runnable processes on average over 1, 5, 15 minutes, of how many CPUs (proc(5): loadavg).</summary>
    public static string Now() => $"{string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3))} on {Environment.ProcessorCount} CPUs";
}
