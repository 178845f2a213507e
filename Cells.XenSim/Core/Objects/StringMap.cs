using System.Collections;

namespace Cells.XenSim.Core.Objects;

/// <summary>An immutable small map from text to text that keeps its order. Changing it gives a new one, so records can share it.</summary>
internal sealed class StringMap : IEnumerable<KeyValuePair<string, string>>
{
    public static readonly StringMap Empty = new([]);
    private readonly KeyValuePair<string, string>[] _pairs;

    private StringMap(KeyValuePair<string, string>[] pairs) => _pairs = pairs;

    public int Count => _pairs.Length;

    public string? this[string key]
    {
        get
        {
            foreach (var pair in _pairs)
                if (pair.Key == key) return pair.Value;
            return null;
        }
    }

    public bool Has(string key) => this[key] is not null;

    public static StringMap Of(params (string Key, string Value)[] pairs) =>
        pairs.Length == 0 ? Empty : new([.. pairs.Select(p => KeyValuePair.Create(p.Key, p.Value))]);

    /// <summary>The last of several pairs with one key wins, as in a JSON object.</summary>
    public static StringMap From(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var map = Empty;
        foreach (var pair in pairs) map = map.With(pair.Key, pair.Value);
        return map;
    }

    public StringMap With(string key, string value)
    {
        for (var i = 0; i < _pairs.Length; i++)
        {
            if (_pairs[i].Key != key) continue;
            var changed = (KeyValuePair<string, string>[])_pairs.Clone();
            changed[i] = KeyValuePair.Create(key, value);
            return new StringMap(changed);
        }
        return new StringMap([.. _pairs, KeyValuePair.Create(key, value)]);
    }

    public StringMap Without(string key) => Has(key) ? new StringMap([.. _pairs.Where(p => p.Key != key)]) : this;

    public bool SameAs(StringMap other) => _pairs.AsSpan().SequenceEqual(other._pairs);

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)_pairs).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => _pairs.GetEnumerator();
}
