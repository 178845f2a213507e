using Cells.Compute.XenApi;

namespace Cells.Compute.Pools;

/// <summary>
/// Which XenAPI network a key of the cloud means on a host, and so which keys the host carries (ADR 0012). A key is looked for among the marks that
/// operators set (<c>other_config:cells-network</c>), then it may be the word <c>management</c>, then a name_label, then a bridge; what stands first
/// decides. Two networks of one pool under the same word mean neither.
/// </summary>
internal static class NetworkKeys
{
    /// <summary>Set by an operator on a network of the pool: its value is the key.</summary>
    public const string Mark = "cells-network";

    /// <summary>The network of the host's own management interface; every host has one.</summary>
    public const string Management = "management";

    private const int LongestKey = 255;

    /// <summary>Only networks that the host has an attached interface on: others do not leave the host, or are not there (VM_REQUIRES_NETWORK).</summary>
    public static SortedDictionary<string, XenRef<Network>> Of(PoolCache cache, XenRef<Host> host)
    {
        var pifs = cache.Pifs.Values.Where(pif => pif.Host == host && pif.CurrentlyAttached).ToList();
        var carried = pifs.Select(pif => pif.Network).ToHashSet();
        var keys = new SortedDictionary<string, XenRef<Network>>(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);

        Add(Words(cache, network => network.OtherConfig.GetValueOrDefault(Mark)));
        Add(pifs.Where(pif => pif.Management).Take(1).Select(pif => (Management, pif.Network)));
        Add(Words(cache, network => network.NameLabel));
        Add(Words(cache, network => network.Bridge));
        return keys;

        void Add(IEnumerable<(string Word, XenRef<Network> Network)> words)
        {
            // Counted over the whole pool, so that a word means the same on each of its hosts.
            foreach (var word in words.GroupBy(w => w.Word, StringComparer.Ordinal).Where(w => taken.Add(w.Key)).ToList())
                if (word.Count() == 1 && word.First().Network is var network && carried.Contains(network))
                    keys.Add(word.Key, network);
        }
    }

    private static IEnumerable<(string Word, XenRef<Network> Network)> Words(PoolCache cache, Func<Network, string?> wordOf) =>
        cache.Networks.Select(network => (Word: wordOf(network.Value), network.Key))
            .Where(w => w.Word is { Length: > 0 and <= LongestKey } && !w.Word.Any(char.IsControl))
            .Select(w => (w.Word!, w.Key));
}
