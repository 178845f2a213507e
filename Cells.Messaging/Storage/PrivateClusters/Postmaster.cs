using System.Globalization;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>
/// The server process of one data directory, found again by what it wrote to <c>postmaster.pid</c> and proved by what /proc shows.
/// </summary>
internal sealed record Postmaster(ProcessIdentity Process, int Port)
{
    public int Pid => Process.Pid;

    public bool IsAlive => Process.IsAlive;

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
        return ProcessIdentity.Find(pid) is { } process
            && ReadLines($"/proc/{pid}/comm") is ["postgres"]
            && ReadLines($"/proc/{pid}/cwd/postmaster.pid").SequenceEqual(lines)
            ? new Postmaster(process, port)
            : null;
    }

    public void RequestFastStop() => Process.RequestEnd();

    public void KillAtOnce() => Process.KillAtOnce();

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
}
