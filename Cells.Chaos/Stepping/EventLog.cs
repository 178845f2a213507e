using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Cells.Chaos.Stepping;

/// <summary>
/// What happened, as a running SHA-256 over (time, actor, content of the message or effect), and the last entries as text. Never durations of the
/// real world: two runs of a seed must agree to the last byte.
/// </summary>
internal sealed class EventLog(int keep = 200) : IDisposable
{
    private const int ShownCharacters = 300;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<string> _last = new();
    private readonly StringBuilder _line = new();

    /// <summary>For the search of what makes two runs differ.</summary>
    public Action<string>? Sink { get; set; }

    public IReadOnlyCollection<string> Last => _last;

    public void Add(TimeSpan time, string actor, object content)
    {
        _line.Clear();
        _line.Append(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} {actor} ");
        StableText.Append(_line, content);
        var line = _line.ToString();
        _hash.AppendData(MemoryMarshal.AsBytes(line.AsSpan()));
        Sink?.Invoke(line);
        if (_last.Count == keep)
            _last.Dequeue();
        _last.Enqueue(line.Length <= ShownCharacters ? line : line[..ShownCharacters] + "…");
    }

    /// <summary>Of everything so far; more may follow.</summary>
    public string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
