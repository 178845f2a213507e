namespace Cells.Compute.XenApi;

/// <summary>
/// The fields of one record, asked by name and type. A record's reader is written once over it; read from an answer it makes the record, read
/// over a <see cref="FieldProbe"/> it tells which fields we depend on.
/// </summary>
public interface IXenFields
{
    /// <summary>The one field every record must have.</summary>
    Guid Uuid();
    string Text(string name);
    long Whole(string name);
    double Real(string name);
    bool Bool(string name);

    /// <summary>A datetime, as it is written; empty when it is not there.</summary>
    string Time(string name);
    XenRef<T> Ref<T>(string name) where T : IXenClass;
    IReadOnlyList<XenRef<T>> Refs<T>(string name) where T : IXenClass;
    IReadOnlyList<string> Texts(string name);
    IReadOnlyDictionary<string, string> Map(string name);

    /// <summary>A map to an enumeration's words.</summary>
    IReadOnlyDictionary<string, string> Words(string name, string xenEnum);

    /// <summary>An enumeration's word; words of newer releases become <paramref name="other"/>.</summary>
    T Word<T>(string name, string xenEnum, T other) where T : struct, Enum;
}

/// <summary>A class of the XenAPI, by its name there (<c>VM</c>, <c>host_metrics</c>).</summary>
public interface IXenClass
{
    static abstract string ClassName { get; }
}

/// <summary>A class whose records we read.</summary>
public interface IXenRecord<TSelf> : IXenClass where TSelf : IXenRecord<TSelf>
{
    Guid Uuid { get; }
    static abstract TSelf Read(IXenFields f);
}

/// <summary>Fields of a record in an answer.</summary>
internal sealed class AnswerFields(XenValue record) : IXenFields
{
    private static readonly IReadOnlyDictionary<string, string> NoPairs = new SortedDictionary<string, string>(StringComparer.Ordinal);

    public Guid Uuid() => (record.Member("uuid") ?? throw new XenAnswerException($"{record.Place}: the record has no uuid")).Uuid();
    public string Text(string name) => record.Member(name)?.Text() ?? "";
    public long Whole(string name) => record.Member(name)?.Whole() ?? 0;
    public double Real(string name) => record.Member(name)?.Real() ?? 0;
    public bool Bool(string name) => record.Member(name)?.Bool() ?? false;
    public string Time(string name) => Text(name);
    public XenRef<T> Ref<T>(string name) where T : IXenClass => record.Member(name)?.Ref<T>() ?? XenRef<T>.Null;
    public IReadOnlyList<XenRef<T>> Refs<T>(string name) where T : IXenClass => record.Member(name)?.Refs<T>() ?? [];
    public IReadOnlyList<string> Texts(string name) => record.Member(name)?.Texts() ?? [];
    public IReadOnlyDictionary<string, string> Map(string name) => record.Member(name)?.Map() ?? NoPairs;
    public IReadOnlyDictionary<string, string> Words(string name, string xenEnum) => Map(name);

    public T Word<T>(string name, string xenEnum, T other) where T : struct, Enum =>
        record.Member(name)?.Text() is { } word && !int.TryParse(word, out _) && Enum.TryParse<T>(word, ignoreCase: true, out var value) ? value : other;
}

/// <summary>Notes what a record's reader asks for: the fields we use, with their types in the datamodel's words.</summary>
public sealed class FieldProbe : IXenFields
{
    private readonly List<(string Name, string Type)> _asked = [];

    private FieldProbe() { }

    public static IReadOnlyList<(string Name, string Type)> FieldsOf<T>() where T : IXenRecord<T>
    {
        var probe = new FieldProbe();
        T.Read(probe);
        return probe._asked;
    }

    public Guid Uuid() => Asked("uuid", "string", Guid.Empty);
    public string Text(string name) => Asked(name, "string", "");
    public long Whole(string name) => Asked(name, "int", 0L);
    public double Real(string name) => Asked(name, "float", 0d);
    public bool Bool(string name) => Asked(name, "bool", false);
    public string Time(string name) => Asked(name, "datetime", "");
    public XenRef<T> Ref<T>(string name) where T : IXenClass => Asked(name, $"{T.ClassName} ref", XenRef<T>.Null);
    public IReadOnlyList<XenRef<T>> Refs<T>(string name) where T : IXenClass => Asked<IReadOnlyList<XenRef<T>>>(name, $"{T.ClassName} ref set", []);
    public IReadOnlyList<string> Texts(string name) => Asked<IReadOnlyList<string>>(name, "string set", []);

    public IReadOnlyDictionary<string, string> Map(string name) =>
        Asked<IReadOnlyDictionary<string, string>>(name, "(string -> string) map", new Dictionary<string, string>());

    public IReadOnlyDictionary<string, string> Words(string name, string xenEnum) =>
        Asked<IReadOnlyDictionary<string, string>>(name, $"(string -> enum {xenEnum}) map", new Dictionary<string, string>());

    public T Word<T>(string name, string xenEnum, T other) where T : struct, Enum => Asked(name, $"enum {xenEnum}", other);

    private T Asked<T>(string name, string type, T empty)
    {
        _asked.Add((name, type));
        return empty;
    }
}
