using Cells.Api.Identity;
using Cells.Contracts;

namespace Cells.Host.Up;

/// <summary>Passwords in files of mode 0600, one each, outside the databases' directories. Made when they are first asked for.</summary>
internal sealed class SecretFiles(string directory, IIdSource ids)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Directory => directory;

    /// <summary>The file of this name, which exists.</summary>
    public string File(string name)
    {
        var file = Path.Combine(directory, name);
        if (!System.IO.File.Exists(file))
            Put(name, IdentityBootstrap.NewPassword(ids));
        return file;
    }

    public string Text(string name) => System.IO.File.ReadAllText(File(name)).Trim();

    /// <returns>Null when it was never put.</returns>
    public string? Find(string name) => System.IO.File.Exists(Path.Combine(directory, name)) ? Text(name) : null;

    public void Put(string name, string text)
    {
        System.IO.Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        WholeFile.Write(Path.Combine(directory, name), text + "\n", OwnerOnly);
    }
}
