using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Cells.Contracts;

namespace Cells.Messaging.Storage;

/// <summary>The numbered SQL files of one assembly: its embedded resources <c>Sql/NNNN_name.sql</c>, in any folder.</summary>
/// <param name="Name">Stands before the file's name in <c>schema_version</c>, such as <c>messaging</c>. Never changes once released.</param>
public sealed partial record SqlSource(string Name, Assembly Assembly)
{
    /// <summary>What every cell has. Goes before the files of the cell's owner.</summary>
    public static SqlSource Messaging { get; } = new("messaging", typeof(SqlSource).Assembly);

    /// <summary>In the order of their numbers.</summary>
    /// <exception cref="CellsException">Two files have one number.</exception>
    public IReadOnlyList<SqlFile> Files()
    {
        var files = Assembly.GetManifestResourceNames()
            .Select(resource => (Resource: resource, Match: FileName().Match(resource)))
            .Where(found => found.Match.Success)
            .Select(found => SqlFile.From($"{Name}/{found.Match.Groups[1].Value}", Read(found.Resource)))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .ToList();
        var twice = files.GroupBy(file => file.Number).FirstOrDefault(same => same.Count() > 1);
        return twice is null
            ? files
            : throw new CellsException(
                $"The SQL files {string.Join(" and ", twice.Select(file => file.Name))} have the same number: give one of them the next free number.");
    }

    private string Read(string resource)
    {
        using var reader = new StreamReader(Assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"(?:^|\.)Sql\.(\d{4}_[a-z0-9_]+\.sql)$")]
    private static partial Regex FileName();
}

/// <param name="Name">Source and file, such as <c>messaging/0001_cell.sql</c>.</param>
/// <param name="Checksum">SHA-256 of the text, with line ends as LF.</param>
public sealed record SqlFile(string Name, string Text, string Checksum)
{
    internal string Number => Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..][..4];

    public static SqlFile From(string name, string text)
    {
        var lines = text.ReplaceLineEndings("\n");
        return new SqlFile(name, lines, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines))));
    }
}
