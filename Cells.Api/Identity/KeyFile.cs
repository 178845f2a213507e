using Cells.Api.Http;
using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Identity;

/// <summary>A secret in a file of its own, mode 0600, outside the database's directory: made at its first use, then only read.</summary>
internal static class KeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="CellsException">The file is readable by others, or cannot be read or made.</exception>
    public static byte[] ReadOrMake(string directory, string name, Func<byte[]> make, ILogger logger)
    {
        if (OperatingSystem.IsWindows())
            throw new CellsException("Keys are kept in files that only their owner may read (mode 0600), which this system has not. Run the cell on Linux.");
        var path = Path.Combine(directory, name);
        try
        {
            if (!Directory.Exists(directory))
                Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            if (!File.Exists(path))
                Make(path, make, logger);
            var mode = File.GetUnixFileMode(path);
            return (mode & ~OwnerOnly) == 0
                ? File.ReadAllBytes(path)
                : throw new CellsException($"The key file {path} may be used by others than its owner (mode {Convert.ToString((int)mode, 8)}). Nothing was started. Give it mode 0600, or remove it: then a new key is made and what was signed with the old one is void.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CellsException($"The key file {path} can be neither read nor made: {error.Message} Give this user the directory.", error);
        }
    }

    // Written beside and linked into place, so that two processes that start at once end with one key and nobody reads half a file.
    private static void Make(string path, Func<byte[]> make, ILogger logger)
    {
        var beside = $"{path}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(beside, options))
        {
            file.Write(make());
            file.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(beside, path, overwrite: false);
            HomeTelemetry.KeyMade(logger, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(beside);   // another process was faster: its key counts
        }
    }
}
