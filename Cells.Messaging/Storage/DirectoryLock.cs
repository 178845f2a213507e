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

    /// <summary>The directory's own id: the same for every process that ever holds this directory (see <see cref="Leases.LeaseOptions"/>).</summary>
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
        var path = Path.Combine(directory, "directory.id");
        if (File.Exists(path))
            return Guid.TryParse(File.ReadAllText(path), out var known)
                ? known
                : throw new CellsException($"{path} does not hold a uuid. Put the directory's id back, or choose another directory.");
        var id = ids.NewGuid();
        // By rename, so that a crash in between leaves no half-written id.
        File.WriteAllText(path + ".new", id.ToString("D"));
        File.Move(path + ".new", path, overwrite: true);
        return id;
    }
}
