using System.Text.Json;

namespace Cells.XenSim.Core.DataModel;

/// <summary>How far an element of the data model has come in its life.</summary>
internal enum Lifecycle { Published, Prototype, Deprecated, Removed }

/// <summary>Who may write a field: RW by its setters, StaticRO only in the constructor record, RO by the host itself.</summary>
internal enum FieldAccess { ReadOnly, Static, ReadWrite }

/// <summary>One field of a class.</summary>
/// <param name="Default">Value of a field left out of a constructor record; the neutral value of the type when <paramref name="Mandatory"/>.</param>
/// <param name="Mandatory">A constructor record that lacks it is refused.</param>
internal sealed record FieldDef(int Index, string Name, XapiType Type, FieldAccess Access, object? Default, bool Mandatory, Lifecycle State)
{
    public JsonEncodedText JsonName { get; } = JsonEncodedText.Encode(Name);
}

internal sealed record ParamDef(string Name, XapiType Type, bool Optional, object? Default);

/// <summary>One message as published, hand-written or generated from a field. The session parameter is not among <paramref name="Params"/>.</summary>
internal sealed record MessageDef(string Name, XapiType Result, bool TakesSession, bool HasAsync, Lifecycle State, IReadOnlyList<ParamDef> Params);

/// <summary>A class of the data model with all its fields in published order.</summary>
internal sealed class ClassDef(int index, string name, Lifecycle state, IReadOnlyList<string> generated)
{
    private readonly List<FieldDef> _fields = [];
    private readonly Dictionary<string, FieldDef> _byName = new(StringComparer.Ordinal);

    public int Index { get; } = index;
    public string Name { get; } = name;
    public string LowerName { get; } = name.ToLowerInvariant();
    public Lifecycle State { get; } = state;

    /// <summary>Generated messages beside getters and setters, '*' appended when they have an asynchronous form.</summary>
    public IReadOnlyList<string> Generated { get; } = generated;
    public IReadOnlyList<FieldDef> Fields => _fields;
    public List<MessageDef> Messages { get; } = [];

    public FieldDef Field(string name) => _byName.TryGetValue(name, out var field)
        ? field
        : throw new ArgumentException($"class {Name} has no field {name}", nameof(name));

    public FieldDef? FindField(string name) => _byName.GetValueOrDefault(name);

    public void Add(FieldDef field)
    {
        _fields.Add(field);
        _byName.Add(field.Name, field);
    }
}
