using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Objects;

/// <summary>A deletion, kept a while so that event.from can report it.</summary>
internal readonly record struct Tombstone(long Generation, long Created, ClassDef Class, string Ref);

/// <summary>
/// The pool's object database. Each change raises the generation by one and moves the object to the new end of one
/// list, so "what changed since g" costs only what changed.
/// </summary>
internal sealed class Database(IdSequence ids)
{
    // xapi keeps a bounded memory of each table's deletions too; a client that slept longer notices by valid_ref_counts.
    private const int TombstonesKept = 128;
    private readonly OrderedDictionary<string, SimObject>[] _tables =
        [.. PublishedModel.Classes.Select(_ => new OrderedDictionary<string, SimObject>(StringComparer.Ordinal))];
    private readonly LinkedList<Tombstone>[] _tombstones = [.. PublishedModel.Classes.Select(_ => new LinkedList<Tombstone>())];
    private SimObject? _newest;

    public IdSequence Ids { get; } = ids;
    public long Generation { get; private set; } = 1;

    /// <summary>Told of every change, in order; the journal listens here.</summary>
    public IDatabaseObserver? Observer { get; set; }

    public IEnumerable<SimObject> All(string className) => All(PublishedModel.Class(className));
    public IEnumerable<SimObject> All(ClassDef definition) => _tables[definition.Index].Values;
    public int Count(ClassDef definition) => _tables[definition.Index].Count;

    public SimObject? Find(ClassDef definition, string reference) => _tables[definition.Index].GetValueOrDefault(reference);
    public SimObject? Find(string className, string reference) => Find(PublishedModel.Class(className), reference);

    /// <exception cref="XapiFailure">HANDLE_INVALID: no such object in that class.</exception>
    public SimObject Get(string className, string reference) =>
        Find(className, reference) ?? throw XapiFailure.HandleInvalid(className, reference);

    public SimObject? FindByUuid(string className, string uuid)
    {
        foreach (var candidate in All(className))
            if (candidate.Uuid == uuid) return candidate;
        return null;
    }

    /// <summary>Makes an object with the class's default values and a fresh ref and uuid.</summary>
    public SimObject Create(string className, params ReadOnlySpan<(string Field, object Value)> values)
    {
        var definition = PublishedModel.Class(className);
        var fields = new object?[definition.Fields.Count];
        foreach (var field in definition.Fields) fields[field.Index] = field.Default;
        foreach (var (field, value) in values) fields[definition.Field(field).Index] = value;
        return Create(definition, fields);
    }

    /// <summary>Makes an object from given field values; its uuid is made when the class has one and it is still empty.</summary>
    public SimObject Create(ClassDef definition, object?[] values)
    {
        var reference = Ids.NextRef();
        if (definition.FindField("uuid") is { } uuid && values[uuid.Index] is "") values[uuid.Index] = Ids.NextUuid();
        return Add(definition, reference, values);
    }

    /// <summary>Puts back an object under its old reference (journal), or a new one.</summary>
    public SimObject Add(ClassDef definition, string reference, object?[] values)
    {
        var made = new SimObject(this, definition, reference, values);
        _tables[definition.Index].Add(reference, made);
        Touch(made);
        made.Created = made.Changed;
        Observer?.Created(made);
        foreach (var field in definition.Fields)
            if (Links.Of(definition, field) is { } link) Mirror(link, null, (string)made[field]!, reference);
        return made;
    }

    public void Write(SimObject target, FieldDef field, object? value)
    {
        var before = target[field];
        if (Same(before, value) || target.Deleted) return;
        target.Store(field, value);
        Touch(target);
        Observer?.Written(target, field);
        if (Links.Of(target.Class, field) is { } link) Mirror(link, (string)before!, (string)value!, target.Ref);
    }

    public void Delete(SimObject target)
    {
        if (target.Deleted) return;
        foreach (var field in target.Class.Fields)
            if (Links.Of(target.Class, field) is { } link) Mirror(link, (string)target[field]!, null, target.Ref);
        _tables[target.Class.Index].Remove(target.Ref);
        Unlink(target);
        target.Deleted = true;
        var tombstones = _tombstones[target.Class.Index];
        tombstones.AddLast(new Tombstone(++Generation, target.Created, target.Class, target.Ref));
        if (tombstones.Count > TombstonesKept) tombstones.RemoveFirst();
        Observer?.Deleted(target);
    }

    /// <summary>Records that the hidden disk content changed; no field did, so no event follows.</summary>
    public void SetDisk(SimObject vdi, DiskContent content)
    {
        vdi.Disk = content;
        Observer?.DiskWritten(vdi);
    }

    /// <summary>Moves the object to the new end of the change order (event.inject does only this).</summary>
    public void Touch(SimObject target)
    {
        Unlink(target);
        target.Changed = ++Generation;
        target.Older = _newest;
        if (_newest is not null) _newest.Newer = target;
        _newest = target;
    }

    /// <summary>Objects changed after the generation, newest first.</summary>
    public IEnumerable<SimObject> ChangedSince(long generation)
    {
        for (var at = _newest; at is not null && at.Changed > generation; at = at.Older) yield return at;
    }

    /// <summary>Deletions after the generation of objects that already existed at <paramref name="known"/>, by class, newest first.</summary>
    public IEnumerable<Tombstone> DeletedSince(long generation, long known)
    {
        foreach (var tombstones in _tombstones)
            for (var at = tombstones.Last; at is not null && at.Value.Generation > generation; at = at.Previous)
                if (at.Value.Created <= known) yield return at.Value;
    }

    /// <summary>After a journal was read: clients' tokens must not lie in the future.</summary>
    public void RaiseGeneration(long atLeast) => Generation = Math.Max(Generation, atLeast);

    private void Unlink(SimObject target)
    {
        if (target.Older is not null) target.Older.Newer = target.Newer;
        if (target.Newer is not null) target.Newer.Older = target.Older;
        if (_newest == target) _newest = target.Older;
        (target.Older, target.Newer) = (null, null);
    }

    private void Mirror((ClassDef Target, FieldDef Set) link, string? before, string? after, string reference)
    {
        if (before is not null && Find(link.Target, before) is { } old)
            Write(old, link.Set, ((string[])old[link.Set]!).Where(r => r != reference).ToArray());
        if (after is not null && Find(link.Target, after) is { } now && !((string[])now[link.Set]!).Contains(reference))
            Write(now, link.Set, (string[])[.. (string[])now[link.Set]!, reference]);
    }

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (string[] x, string[] y) => x.AsSpan().SequenceEqual(y),
        (StringMap x, StringMap y) => x.SameAs(y),
        _ => Equals(a, b),
    };
}

internal interface IDatabaseObserver
{
    void Created(SimObject made);
    void Written(SimObject target, FieldDef field);
    void Deleted(SimObject target);
    void DiskWritten(SimObject vdi);
}
