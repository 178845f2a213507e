using Cells.Compute.XenApi;

namespace Cells.Compute.Pools;

/// <summary>
/// References of objects whose uuid is known, for one connection: a uuid names the same reference as long as its object lives. The oldest are forgotten
/// first; asking again is all that it costs. Any thread may call.
/// </summary>
internal sealed class KnownRefs
{
    /// <summary>Some hundred bytes each: more than the builds that one pool can have under way need.</summary>
    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _refs = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public XenRef<T>? Find<T>(XenRequest<XenRef<T>> byUuid)
    {
        lock (_lock)
            return _refs.TryGetValue(Key(byUuid), out var known) ? new XenRef<T>(known) : null;
    }

    public void Add<T>(XenRequest<XenRef<T>> byUuid, XenRef<T> reference)
    {
        lock (_lock)
        {
            if (!_refs.TryAdd(Key(byUuid), reference.Value))
                return;
            _order.Enqueue(Key(byUuid));
            if (_order.Count > Most)
                _refs.Remove(_order.Dequeue());
        }
    }

    private static string Key<T>(XenRequest<XenRef<T>> byUuid) => $"{byUuid.Call.Class} {byUuid.Arguments[0]}";
}
