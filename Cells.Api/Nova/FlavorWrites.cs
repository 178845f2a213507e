using Cells.Api.Storage;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>A new flavor. Misses when its id or name is taken.</summary>
internal sealed record InsertFlavor(StoredFlavor Flavor) : IWrite
{
    private const string Sql = """
        insert into flavor (id, name, vcpus, memory_mib, disk_gib, rxtx_factor, is_public, extra_specs, created_at, made, description)
        select w.id, w.name, w.vcpus, w.memory_mib, w.disk_gib, w.rxtx_factor, w.is_public, w.extra_specs, w.created_at, w.made, w.description
          from unnest(@ids, @names, @vcpus, @memories, @disks, @factors, @publics, @specs, @times, @mades, @descriptions)
            as w (id, name, vcpus, memory_mib, disk_gib, rxtx_factor, is_public, extra_specs, created_at, made, description)
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
        Column.Json<InsertFlavor>("specs", w => NovaJson.Text(w.Flavor.ExtraSpecs)),
        Column.Time<InsertFlavor>("times", w => w.Flavor.CreatedAt),
        Column.Uuid<InsertFlavor>("mades", w => w.Flavor.Made),
        Column.Text<InsertFlavor>("descriptions", w => w.Flavor.Description));

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

/// <summary>Describes a flavor anew. Misses when there is no such flavor.</summary>
internal sealed record DescribeFlavor(string Id, string? Description) : IWrite
{
    private const string Sql = """
        update flavor
           set description = w.description
          from unnest(@ids, @descriptions) as w (id, description)
         where flavor.id = w.id
        returning flavor.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DescribeFlavor>(
        "describe-flavor", 155, Sql, w => ("flavor", w.Id), returns: w => w.Id,
        Column.Text<DescribeFlavor>("ids", w => w.Id),
        Column.Text<DescribeFlavor>("descriptions", w => w.Description));

    public WriteKind Kind => TheKind;
}

/// <summary>Adds extra specs, or takes one away. Misses when there is no such flavor.</summary>
/// <param name="Set">Keys to be set; others stay.</param>
/// <param name="Remove">A key to be taken away; null for none.</param>
/// <param name="Made">New with every change: a create that remembers the flavor with other specs misses, and looks again.</param>
internal sealed record ChangeExtraSpecs(string Id, IReadOnlyDictionary<string, string> Set, string? Remove, Guid Made) : IWrite
{
    private const string Sql = """
        update flavor
           set extra_specs = (flavor.extra_specs || w.specs) - coalesce(w.removed, ''),
               made        = w.made
          from unnest(@ids, @specs, @removals, @mades) as w (id, specs, removed, made)
         where flavor.id = w.id
        returning flavor.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<ChangeExtraSpecs>(
        "change-extra-specs", 154, Sql, w => ("flavor", w.Id), returns: w => w.Id,
        Column.Text<ChangeExtraSpecs>("ids", w => w.Id),
        Column.Json<ChangeExtraSpecs>("specs", w => NovaJson.Text(w.Set)),
        Column.Text<ChangeExtraSpecs>("removals", w => w.Remove),
        Column.Uuid<ChangeExtraSpecs>("mades", w => w.Made));

    public WriteKind Kind => TheKind;
}
