using Cells.Contracts;

namespace Cells.Host.Configuration;

/// <summary>Reads a secret that an operator keeps in a file.</summary>
internal static class SecretText
{
    /// <param name="what">Begins the error's sentence.</param>
    /// <exception cref="CellsException">The file cannot be read, or others may read it too.</exception>
    public static string Read(string path, string what)
    {
        try
        {
            if ((File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
                throw new CellsException($"{what} lies in {path}, which others than its owner may use. Make it theirs alone: chmod 600 {path}");
            return File.ReadAllText(path).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CellsException($"{what} cannot be read from {path}: {error.Message}", error);
        }
    }
}
