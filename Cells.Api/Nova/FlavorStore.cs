using System.Collections.Concurrent;
using System.Text.Json;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

internal sealed class FlavorStore(ICellDatabase database)
{
    private const string Columns = """
        select id, name, vcpus, memory_mib, disk_gib, rxtx_factor, is_public, extra_specs, created_at, made, description,
               array(select project from flavor_access where flavor_access.flavor = flavor.id order by project)
          from flavor
        """;

    private readonly ConcurrentDictionary<string, StoredFlavor> _known = new(StringComparer.Ordinal);

    /// <summary>By id.</summary>
    public Task<IReadOnlyList<StoredFlavor>> ListAsync(CancellationToken stop) => database.ListAsync("flavors", $"""
        {Columns}
         order by id
        """, [], ToFlavor, stop);

    public Task<StoredFlavor?> FindAsync(string id, CancellationToken stop) => database.OneAsync("flavor", $"""
        {Columns}
         where id = @id
        """, [Reads.Text("id", id)], ToFlavor, stop);

    public Task<StoredFlavor?> FindByNameAsync(string name, CancellationToken stop) => database.OneAsync("flavor", $"""
        {Columns}
         where name = @name
        """, [Reads.Text("name", name)], ToFlavor, stop);

    /// <summary>For a build, remembered: the insert of the intent is guarded by the flavor's being there still, with the same extra specs.</summary>
    public async Task<StoredFlavor?> FindForBuildAsync(string id, CancellationToken stop)
    {
        if (_known.TryGetValue(id, out var known))
            return known;
        if (await FindAsync(id, stop) is not { } flavor)
            return null;
        if (_known.Count >= 10_000)
            _known.Clear();
        return _known[id] = flavor;
    }

    /// <summary>After the flavor was removed, or a build was refused for want of it.</summary>
    public void Forget(string id) => _known.TryRemove(id, out _);

    private static StoredFlavor ToFlavor(NpgsqlDataReader row) => new(
        new Flavor(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4)),
        row.GetDouble(5),
        row.GetBoolean(6),
        new SortedDictionary<string, string>(
            JsonSerializer.Deserialize(row.GetString(7), NovaJson.Default.IReadOnlyDictionaryStringString)!.ToDictionary(), StringComparer.Ordinal),
        row.Time(8),
        row.GetGuid(9),
        row.TextOrNull(10))
    {
        Projects = [.. row.GetFieldValue<Guid[]>(11).Select(project => new ProjectId(project))],
    };
}
