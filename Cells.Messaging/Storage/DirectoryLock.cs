using System.Globalization;
using Cells.Contracts;

namespace Cells.Messaging.Storage;

/// <summary>
/// The exclusive lock of a data directory. The system gives it back when the process ends, however it ends. Its holder is the only process
/// that may take over what a former process of the directory left running.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(string directory, Guid id, FileStream file) => (Directory, Id, _file) = (directory, id, file);

    public string Directory { get; }

    /// <summary>
    /// The directory's own id: the same for every process that ever holds this directory (see <see cref="Leases.LeaseOptions"/>). A copy of the directory
    /// has another one, and so has one that was moved: the id is bound to machine, host name and path, because who has it takes leases at once.
    /// </summary>
    public Guid Id { get; }

    /// <summary>Makes the directory if it is not there.</summary>
    /// <exception cref="CellsException">Another process holds it; the message names its pid.</exception>
    public static DirectoryLock Take(string directory, IIdSource ids)
    {
        var full = Path.GetFullPath(directory);
        System.IO.Directory.CreateDirectory(full);
        var file = Open(full);
        try
        {
            var id = ReadOrMakeId(full, ids);
            WriteHolder(full);
            return new DirectoryLock(full, id, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream Open(string directory)
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Unix: it follows the process, no stale lock can be left behind.
            return new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw new CellsException(
                $"The data directory {directory} is in use by {HolderOf(directory)}. End that process first, or choose another directory.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CellsException(
                $"The data directory {directory} belongs to another user: {error.Message} Choose another directory, or run as its owner.", error);
        }
    }

    // The holder stands beside the lock, not in it: a locked file cannot be opened by who wants to know.
    private static void WriteHolder(string directory) =>
        File.WriteAllText(Path.Combine(directory, "lock.holder"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    private static string HolderOf(string directory)
    {
        var path = Path.Combine(directory, "lock.holder");
        return File.Exists(path) ? $"process {File.ReadAllText(path)}" : "another process";
    }

    private static Guid ReadOrMakeId(string directory, IIdSource ids)
    {
        var (path, placePath, place) = (Path.Combine(directory, "directory.id"), Path.Combine(directory, "directory.place"), PlaceOf(directory));
        var known = File.Exists(path) ? Read(path) : (Guid?)null;
        var isHere = !File.Exists(placePath) || File.ReadAllText(placePath) == place;   // one of before there was a place is taken for ours
        var id = known is { } own && isHere ? own : ids.NewGuid();
        if (id != known)
            WriteWhole(path, id.ToString("D"));
        // After the id: a crash in between makes one more id, and never leaves a foreign one in its place.
        WriteWhole(placePath, place);
        return id;
    }

    private static Guid Read(string path) => Guid.TryParse(File.ReadAllText(path), out var known)
        ? known
        : throw new CellsException($"{path} does not hold a uuid. Put the directory's id back, or choose another directory.");

    /// <summary>machine-id(5) where there is one; containers of one image may share it, and differ in their host names.</summary>
    private static string PlaceOf(string directory)
    {
        const string MachineId = "/etc/machine-id";
        var machine = File.Exists(MachineId) ? File.ReadAllText(MachineId).Trim() : "";
        return $"{machine} {Environment.MachineName} {directory}";
    }

    // By rename, so that a crash in between leaves no half-written file.
    private static void WriteWhole(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
