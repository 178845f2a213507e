namespace Cells.Scheduler;

/// <summary>The keys of the networks that a host carries, as one value: hosts are compared by it with every decision.</summary>
/// <param name="Text">Each key on a line of its own, in order; empty or null for none.</param>
public readonly record struct NetworkSet(string? Text) : IComparable<NetworkSet>
{
    /// <param name="keys">Without line breaks; in any order.</param>
    public static NetworkSet Of(IEnumerable<string> keys) =>
        new(string.Join('\n', keys.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));

    public IReadOnlyList<string> Keys => string.IsNullOrEmpty(Text) ? [] : Text.Split('\n');

    public bool Carries(string key)
    {
        foreach (var line in Text.AsSpan().Split('\n'))
            if (Text.AsSpan()[line].SequenceEqual(key))
                return true;
        return false;
    }

    /// <summary>The first of these networks that is not carried; null when all are.</summary>
    public string? FirstMissing(IReadOnlyList<string> wanted)
    {
        foreach (var key in wanted)
            if (!Carries(key))
                return key;
        return null;
    }

    public int CompareTo(NetworkSet other) => string.CompareOrdinal(Text ?? "", other.Text ?? "");

    public static bool operator <(NetworkSet left, NetworkSet right) => left.CompareTo(right) < 0;
    public static bool operator >(NetworkSet left, NetworkSet right) => left.CompareTo(right) > 0;
    public static bool operator <=(NetworkSet left, NetworkSet right) => left.CompareTo(right) <= 0;
    public static bool operator >=(NetworkSet left, NetworkSet right) => left.CompareTo(right) >= 0;
}
