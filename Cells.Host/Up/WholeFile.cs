namespace Cells.Host.Up;

/// <summary>Writes by rename: a crash leaves the old file or the new one, and its mode is right from the first byte.</summary>
internal static class WholeFile
{
    public static void Write(string path, string text, UnixFileMode mode)
    {
        var aside = path + ".new";
        File.Delete(aside);
        using (var file = new StreamWriter(new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode })))
            file.Write(text);
        File.Move(aside, path, overwrite: true);
    }
}
