using System.Text.Json;

namespace Cells.Compute.XenApi;

public enum XenOperation
{
    Add = 1,
    Mod = 2,
    Del = 3,
}

/// <summary>One change of one object; intermediate states may have been merged.</summary>
/// <param name="Class">Lower case, such as <c>vm</c>.</param>
/// <param name="Record">The whole record after the change, of our class's type; null for a deletion and for classes we do not read.</param>
public sealed record XenEvent(string Class, XenOperation Operation, string Ref, object? Record);

/// <summary>An answer of event.from: what changed since the token asked with, and the token to ask with next (in this session only).</summary>
/// <param name="ValidRefCounts">How many objects each class has now, by lower-case class name: a check on whoever keeps copies.</param>
public sealed record XenEventBatch(IReadOnlyList<XenEvent> Events, string Token, IReadOnlyDictionary<string, long> ValidRefCounts);

/// <summary>XenAPI class event: the stream of changes.</summary>
public static class XenEvents
{
    private static readonly SortedDictionary<string, Func<XenValue, object>> Readers = new(StringComparer.Ordinal)
    {
        ["pool"] = Generated.RecordOf<Pool>,
        ["host"] = Generated.RecordOf<Host>,
        ["host_metrics"] = Generated.RecordOf<HostMetrics>,
        ["sr"] = Generated.RecordOf<Sr>,
        ["pbd"] = Generated.RecordOf<Pbd>,
        ["network"] = Generated.RecordOf<Network>,
        ["pif"] = Generated.RecordOf<Pif>,
        ["vm"] = Generated.RecordOf<Vm>,
        ["vm_metrics"] = Generated.RecordOf<VmMetrics>,
        ["vdi"] = Generated.RecordOf<Vdi>,
        ["vbd"] = Generated.RecordOf<Vbd>,
        ["vif"] = Generated.RecordOf<Vif>,
        ["task"] = Generated.RecordOf<XenTask>,
    };

    /// <summary>
    /// Answers at once when something changed since the token, else after <paramref name="wait"/> with no events. An empty token reports every
    /// object as added.
    /// </summary>
    public static XenRequest<XenEventBatch> From(IReadOnlyList<string> classes, string token, TimeSpan wait) =>
        new(XenCalls.EventFrom, [classes, token, wait.TotalSeconds], ReadBatch) { Timeout = wait + TimeSpan.FromSeconds(10) };

    /// <summary>
    /// Touches the object and gives the token just before that: a stream whose token is not lower (ordinal order) has shown every earlier change.
    /// </summary>
    public static XenRequest<string> Inject<T>(XenRef<T> self) where T : IXenClass => new(XenCalls.EventInject, [T.ClassName, self], v => v.Text());

    private static XenEventBatch ReadBatch(XenValue answer)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, value) in answer.Member("valid_ref_counts")?.Members() ?? [])
            counts[name] = value.Whole();
        var token = answer.Member("token") ?? throw new XenAnswerException($"{answer.Place}: the answer has no token");
        var events = answer.Member("events") ?? throw new XenAnswerException($"{answer.Place}: the answer has no events");
        return new XenEventBatch([.. events.List().Select(ReadEvent)], token.Text(), counts);
    }

    private static XenEvent ReadEvent(XenValue value)
    {
        var name = Text("class").ToLowerInvariant();
        var operation = Text("operation") switch
        {
            "add" => XenOperation.Add,
            "mod" => XenOperation.Mod,
            "del" => XenOperation.Del,
            var other => throw new XenAnswerException($"{value.Place}.operation: expected add, mod or del, found '{other}'"),
        };
        var snapshot = value.Member("snapshot");
        var record = operation != XenOperation.Del && Readers.TryGetValue(name, out var read)
            ? read(snapshot is { Element.ValueKind: JsonValueKind.Object } whole ? whole : throw new XenAnswerException($"{value.Place}: no snapshot of the {name}"))
            : null;
        return new XenEvent(name, operation, Text("ref"), record);

        string Text(string member) => (value.Member(member) ?? throw new XenAnswerException($"{value.Place}: no member {member}")).Text();
    }
}
