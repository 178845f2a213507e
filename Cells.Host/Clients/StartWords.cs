namespace Cells.Host.Clients;

/// <summary>
/// With which command the process of a data directory was last started: what an operator types to bring it back. No secret is in it; a database's
/// connection string is left out.
/// </summary>
internal static class StartWords
{
    private const string Name = "started-by";

    /// <summary>A file of the data directory.</summary>
    public static string FileIn(string dataDirectory) => Path.Combine(dataDirectory, Name);

    /// <returns>Such as <c>cells run --config /etc/cells/api.yaml</c>; null when nothing was ever started there, or this user may not look.</returns>
    public static string? Of(string dataDirectory)
    {
        try
        {
            return File.ReadAllText(FileIn(dataDirectory)).Trim() is { Length: > 0 } words ? words : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;                     // a hint for people: without it the message says less
        }
    }

    /// <summary>Options and values as a shell takes them; those without a value are left out.</summary>
    public static string Of(string command, params (string Option, string? Value)[] said) =>
        string.Join(' ', said.Where(s => s.Value is not null).Select(s => $"{s.Option} {Quoted(s.Value!)}").Prepend(command));

    private static string Quoted(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-:=@".Contains(c, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
