using System.Globalization;
using System.Runtime.InteropServices;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>
/// The server process of one data directory, found again by what it wrote to <c>postmaster.pid</c> and proved by what /proc shows: a pid
/// alone may meanwhile belong to somebody else.
/// </summary>
/// <param name="StartTicks">When the process started, in clock ticks since the machine's boot (proc(5), stat field 22): pid and this are unique.</param>
internal sealed record Postmaster(int Pid, long StartTicks, int Port)
{
    private const int Interrupt = 2;   // fast shutdown: sessions are ended, everything is written (PostgreSQL manual, "Shutting Down the Server")
    private const int Kill = 9;

    /// <returns>Null when no server runs on the directory.</returns>
    public static Postmaster? Find(string dataDirectory)
    {
        // Lines: pid, data directory, start time, port, socket directory, address, memory segment, state.
        var lines = ReadLines(Path.Combine(dataDirectory, "postmaster.pid"));
        if (lines.Length < 4
            || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid)
            || !int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port))
            return null;
        // postgres works in its data directory: seen from there, the file is the same one, through whatever links the directory is named.
        return StartTicksOf(pid) is { } ticks
            && ReadLines($"/proc/{pid}/comm") is ["postgres"]
            && ReadLines($"/proc/{pid}/cwd/postmaster.pid").SequenceEqual(lines)
            ? new Postmaster(pid, ticks, port)
            : null;
    }

    public bool IsAlive => StartTicksOf(Pid) == StartTicks;

    public void RequestFastStop() => Signal(Interrupt);

    public void KillAtOnce() => Signal(Kill);

    /// <returns>Null when there is no such process, or only what is left of an ended one.</returns>
    public static long? StartTicksOf(int pid)
    {
        var stat = ReadLines($"/proc/{pid}/stat");
        if (stat.Length == 0)
            return null;
        // The command's name stands in parentheses and may hold spaces: the fields are counted from behind it. State is field 3.
        var fields = stat[0][(stat[0].LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : long.Parse(fields[22 - 3], CultureInfo.InvariantCulture);
    }

    private void Signal(int signal)
    {
        if (IsAlive && SendSignal(Pid, signal) != 0 && IsAlive)
            throw new InvalidOperationException($"Signal {signal} to the database server, process {Pid}, failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];   // not there, gone while it was read, or another user's: nothing can be said about it
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int pid, int signal);
}
