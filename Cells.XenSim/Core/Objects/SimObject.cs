using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Objects;

/// <summary>One row of the database: all fields of its class by position, and the generations of its birth and last change.</summary>
internal sealed class SimObject(Database database, ClassDef definition, string reference, object?[] values)
{
    public ClassDef Class { get; } = definition;
    public string Ref { get; } = reference;
    public long Created { get; set; }
    public long Changed { get; set; }
    public bool Deleted { get; set; }

    /// <summary>Facts of the simulated machine that no field shows, e.g. what lies on a disk.</summary>
    public DiskContent? Disk { get; set; }

    // The database threads all objects on one list in the order of their last change.
    public SimObject? Older { get; set; }
    public SimObject? Newer { get; set; }

    public object? this[FieldDef field] => values[field.Index];
    public object? this[string field] => values[Class.Field(field).Index];

    public string Text(string field) => (string)this[field]!;
    public long Int(string field) => (long)this[field]!;
    public bool Flag(string field) => (bool)this[field]!;
    public string[] Set(string field) => (string[])this[field]!;
    public StringMap Map(string field) => (StringMap)this[field]!;
    public string Uuid => Text("uuid");

    public void Put(string field, string value) => database.Write(this, Class.Field(field), value);
    public void Put(string field, long value) => database.Write(this, Class.Field(field), Boxed.Int(value));
    public void Put(string field, bool value) => database.Write(this, Class.Field(field), Boxed.Bool(value));
    public void Put(string field, double value) => database.Write(this, Class.Field(field), value);
    public void Put(string field, string[] value) => database.Write(this, Class.Field(field), value);
    public void Put(string field, StringMap value) => database.Write(this, Class.Field(field), value);
    public void Put(FieldDef field, object? value) => database.Write(this, field, value);

    public object?[] CopyValues() => (object?[])values.Clone();

    /// <summary>Only the database writes values: it keeps generations, links and the journal in step.</summary>
    internal void Store(FieldDef field, object? value) => values[field.Index] = value;
}
