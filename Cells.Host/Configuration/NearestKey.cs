namespace Cells.Host.Configuration;

/// <summary>Finds what a misspelt word was probably meant to be.</summary>
internal static class NearestKey
{
    /// <summary>The closest of the valid keys by edit distance; null when there is none to offer.</summary>
    public static string? Of(string wrong, IEnumerable<string> valid) =>
        valid.OrderBy(key => Distance(wrong, key)).ThenBy(key => key, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>Levenshtein distance: insertions, deletions and replacements of one character.</summary>
    internal static int Distance(string a, string b)
    {
        var above = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(above[j] + 1, current[j - 1] + 1), above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            above = current;
        }
        return above[b.Length];
    }
}
