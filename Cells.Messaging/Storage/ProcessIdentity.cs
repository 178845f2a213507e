using System.Globalization;
using System.Runtime.InteropServices;

namespace Cells.Messaging.Storage;

/// <summary>A process, so that it can be found again by another process: a pid alone may meanwhile belong to somebody else.</summary>
/// <param name="StartTicks">When it started, in clock ticks since the machine's boot (proc(5), stat field 22): pid and this are unique.</param>
public sealed record ProcessIdentity(int Pid, long StartTicks)
{
    private const int Interrupt = 2;
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int ContinueAgain = 18;
    private const int StopForNow = 19;

    public bool IsAlive => Find(Pid) == this;

    /// <returns>Null when there is no such process, or only what is left of an ended one.</returns>
    public static ProcessIdentity? Find(int pid)
    {
        var stat = ReadStat(pid);
        if (stat.Length == 0)
            return null;
        // The command's name stands in parentheses and may hold spaces: the fields are counted from behind it. State is field 3.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] == "X" || (fields[0] == "Z" && !HasThreads(pid)) ? null : new ProcessIdentity(pid, long.Parse(fields[22 - 3], CultureInfo.InvariantCulture));
    }

    /// <summary>SIGINT: end in order. For postgres a fast shutdown (PostgreSQL manual, "Shutting Down the Server"). Nothing when it ended already.</summary>
    public void RequestEnd() => Signal(Interrupt);

    /// <summary>SIGTERM: the same wish, to programs that read SIGINT otherwise, such as the Erlang machine.</summary>
    public void RequestTermination() => Signal(Terminate);

    /// <summary>SIGKILL.</summary>
    public void KillAtOnce() => Signal(Kill);

    /// <summary>SIGSTOP: it stands still, with everything open, until <see cref="Continue"/>. For chaos.</summary>
    public void Pause() => Signal(StopForNow);

    /// <summary>SIGCONT.</summary>
    public void Continue() => Signal(ContinueAgain);

    private void Signal(int signal)
    {
        if (IsAlive && SendSignal(Pid, signal) != 0 && IsAlive)
            throw new InvalidOperationException($"Signal {signal} to process {Pid} failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    private static string ReadStat(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";   // not there, gone while it was read, or another user's: nothing can be said about it
        }
    }

    /// <summary>The first thread of a killed process may have ended while others still hold its sockets and files (proc(5), task).</summary>
    private static bool HasThreads(int pid)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{pid}/task").Skip(1).Any();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;   // gone meanwhile
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int pid, int signal);
}
