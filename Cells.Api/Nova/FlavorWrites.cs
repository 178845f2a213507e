using System.Text.Json;
using Cells.Api.Storage;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>A new flavor. Misses when its id or name is taken.</summary>
internal sealed record InsertFlavor(StoredFlavor Flavor) : IWrite
{
    private const string Sql = """
        insert into flavor (id, name, vcpus, memory_mib, disk_gib, rxtx_factor, is_public, extra_specs, created_at, made)
        select w.id, w.name, w.vcpus, w.memory_mib, w.disk_gib, w.rxtx_factor, w.is_public, w.extra_specs, w.created_at, w.made
          from unnest(@ids, @names, @vcpus, @memories, @disks, @factors, @publics, @specs, @times, @mades)
            as w (id, name, vcpus, memory_mib, disk_gib, rxtx_factor, is_public, extra_specs, created_at, made)
            on conflict do nothing
        returning made
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertFlavor>(
        "insert-flavor", 150, Sql, w => ("flavor", w.Flavor.Flavor.Id), returns: w => w.Flavor.Made,
        Column.Text<InsertFlavor>("ids", w => w.Flavor.Flavor.Id),
        Column.Text<InsertFlavor>("names", w => w.Flavor.Flavor.Name),
        Column.Integer<InsertFlavor>("vcpus", w => w.Flavor.Flavor.Vcpus),
        Column.Bigint<InsertFlavor>("memories", w => w.Flavor.Flavor.MemoryMib),
        Column.Bigint<InsertFlavor>("disks", w => w.Flavor.Flavor.DiskGib),
        Column.Double<InsertFlavor>("factors", w => w.Flavor.RxtxFactor),
        Column.Boolean<InsertFlavor>("publics", w => w.Flavor.IsPublic),
        Column.Json<InsertFlavor>("specs", w => JsonSerializer.Serialize(w.Flavor.ExtraSpecs, NovaJson.Default.IReadOnlyDictionaryStringString)),
        Column.Time<InsertFlavor>("times", w => w.Flavor.CreatedAt),
        Column.Uuid<InsertFlavor>("mades", w => w.Flavor.Made));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a flavor; servers keep what they ordered. Misses when it is not there.</summary>
internal sealed record DeleteFlavor(string Id) : IWrite
{
    private const string Sql = """
        delete from flavor
         using unnest(@ids) as w (id)
         where flavor.id = w.id
        returning flavor.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteFlavor>(
        "delete-flavor", 152, Sql, w => ("flavor", w.Id), returns: w => w.Id,
        Column.Text<DeleteFlavor>("ids", w => w.Id));

    public WriteKind Kind => TheKind;
}

/// <summary>Adds extra specs, or takes one away. Misses when there is no such flavor.</summary>
/// <param name="Set">Keys to be set; others stay.</param>
/// <param name="Remove">A key to be taken away; null for none.</param>
internal sealed record ChangeExtraSpecs(string Id, IReadOnlyDictionary<string, string> Set, string? Remove) : IWrite
{
    private const string Sql = """
        update flavor
           set extra_specs = (flavor.extra_specs || w.specs) - coalesce(w.removed, '')
          from unnest(@ids, @specs, @removals) as w (id, specs, removed)
         where flavor.id = w.id
        returning flavor.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<ChangeExtraSpecs>(
        "change-extra-specs", 154, Sql, w => ("flavor", w.Id), returns: w => w.Id,
        Column.Text<ChangeExtraSpecs>("ids", w => w.Id),
        Column.Json<ChangeExtraSpecs>("specs", w => JsonSerializer.Serialize(w.Set, NovaJson.Default.IReadOnlyDictionaryStringString)),
        Column.Text<ChangeExtraSpecs>("removals", w => w.Remove));

    public WriteKind Kind => TheKind;
}
