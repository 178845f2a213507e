using System.Globalization;
using System.Text.Json;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>
/// Host aggregates (Nova API, os-aggregates). A change is one with what it means for each host that is in the aggregate, or was: a host's cell is told
/// its zone and its aggregates whole.
/// </summary>
internal sealed class NovaAggregates(FleetStore fleet, OperatorWords words, ICommitter committer, TimeProvider time, IIdSource ids)
{
    private const string ZoneKey = "availability_zone";

    public async Task<ApiResult> ListAsync(RequestContext caller, CancellationToken stop)
    {
        var (hosts, aggregates) = await ReadAsync(stop);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("aggregates");
            foreach (var aggregate in aggregates)
                Write(w, aggregate, hosts, caller.Version);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop)
    {
        var (hosts, aggregates) = await ReadAsync(stop);
        return Find(aggregates, id) is { } aggregate ? One(aggregate, hosts, caller.Version) : NoSuchAggregate(id);
    }

    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "aggregate", asked => (Name: asked.Name("name"), Zone: ReadZone(asked)), out var read) is { } wrong)
            return wrong;
        var (name, zone) = read;
        var uuid = ids.NewGuid();
        if (await committer.TakeAsync(new InsertAggregate(uuid, name, zone, time.GetUtcNow())) is not null)
            return NameTaken(name);
        var (hosts, aggregates) = await ReadAsync(stop);
        return aggregates.FirstOrDefault(a => a.Uuid == uuid) is { } made
            ? One(made, hosts, caller.Version, shownHosts: false) : ApiResult.NotFound($"Aggregate {name} was deleted at once.");
    }

    public Task<ApiResult> UpdateAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "aggregate", ReadUpdate, out var asked) is { } wrong)
            return Task.FromResult(wrong);
        return ChangeAsync(caller, "update", id, (aggregate, _, _) =>
            (aggregate with { Name = asked.Name ?? aggregate.Name, Zone = asked.SetsZone ? asked.Zone : aggregate.Zone }, null), stop);
    }

    /// <summary>200. Misses while a host is in it.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (Find(await fleet.AggregatesAsync(stop), id) is not { } aggregate)
            return NoSuchAggregate(id);
        if (aggregate.Hosts.Count > 0)
            return ApiResult.BadRequest($"Cannot remove aggregate {id}: Host aggregate is not empty");
        return await committer.TakeAsync(new DeleteAggregate(aggregate.Uuid, aggregate.Generation)) is null
            ? ApiResult.Empty(200)
            : ApiResult.Conflict($"Aggregate {id} was changed meanwhile.");
    }

    /// <summary>add_host, remove_host, set_metadata.</summary>
    public Task<ApiResult> ActAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, ReadAction, out var asked) is { } wrong)
            return Task.FromResult(wrong);
        var (action, change) = asked;
        return caller.IsAdmin ? ChangeAsync(caller, action, id, change!, stop) : Task.FromResult(ServerAccess.NotAllowed($"os-aggregates:{action}"));
    }

    private static (string Name, AggregateChange? Change) ReadAction(BodyObject root)
    {
        T Read<T>(string name, Func<BodyObject, T> read)
        {
            var inner = root.Object(name);
            var value = read(inner);
            inner.Close();
            return value;
        }

        if (root.Has("add_host"))
        {
            var host = Read("add_host", add => add.Text("host"));
            return ("add_host", (aggregate, hosts, all) => Add(aggregate, host, hosts, all));
        }
        if (root.Has("remove_host"))
        {
            var host = Read("remove_host", remove => remove.Text("host"));
            return ("remove_host", (aggregate, hosts, _) => Remove(aggregate, host, hosts));
        }
        if (root.Has("set_metadata"))
        {
            var items = Read("set_metadata", ReadMetadata);
            return ("set_metadata", (aggregate, _, _) => (WithMetadata(aggregate, items), null));
        }
        root.Problem.Note("body", "There is no such action: an aggregate knows add_host, remove_host and set_metadata.");
        return ("", null);
    }

    private static (Aggregate? Changed, ApiResult? Refusal) Add(
        Aggregate aggregate, string name, IReadOnlyList<FleetHost> hosts, IReadOnlyList<Aggregate> all)
    {
        if (hosts.Named(name) is var (host, refusal) && host is null)
            return (null, refusal ?? ApiResult.NotFound($"Compute host {name} could not be found."));
        if (aggregate.Hosts.Contains(host.Row.Host))
            return (null, ApiResult.Conflict($"Aggregate {aggregate.Id} already has host {name}."));
        // One zone for each host: a server is in one.
        if (aggregate.Zone is { } zone && all.FirstOrDefault(a => a.Uuid != aggregate.Uuid && a.Zone is not null && a.Zone != zone && a.Hosts.Contains(host.Row.Host)) is { } other)
            return (null, ApiResult.Conflict($"Cannot add host {name} in aggregate {aggregate.Id}: host already in another zone, {other.Zone}."));
        return (aggregate with { Hosts = [.. aggregate.Hosts, host.Row.Host] }, null);
    }

    // Equal names outside of the aggregate are no question here. One that has left its cell has its uuid for a name.
    private static (Aggregate? Changed, ApiResult? Refusal) Remove(Aggregate aggregate, string name, IReadOnlyList<FleetHost> hosts)
    {
        var (host, refusal) = hosts.Where(host => aggregate.Hosts.Contains(host.Row.Host)).ToList().Named(name);
        if (refusal is not null)
            return (null, refusal);
        return aggregate.Hosts.FirstOrDefault(id => host is null ? id.ToString() == name : id == host.Row.Host) is var gone && gone != default
            ? (aggregate with { Hosts = [.. aggregate.Hosts.Where(id => id != gone)] }, null)
            : (null, ApiResult.NotFound($"Cannot remove host {name} in aggregate {aggregate.Id}: host not found."));
    }

    private static Aggregate WithMetadata(Aggregate aggregate, SortedDictionary<string, string?> items)
    {
        var metadata = new SortedDictionary<string, string>(aggregate.Metadata.ToDictionary(), StringComparer.Ordinal);
        foreach (var (key, value) in items.Where(item => item.Key != ZoneKey))
        {
            if (value is null)
                metadata.Remove(key);
            else
                metadata[key] = value;
        }
        return aggregate with { Metadata = metadata, Zone = items.TryGetValue(ZoneKey, out var zone) ? zone : aggregate.Zone };
    }

    private Task<ApiResult> ChangeAsync(RequestContext caller, string action, string id, AggregateChange change, CancellationToken stop) => Attempts.RunAsync(async () =>
    {
        var (hosts, aggregates) = await ReadAsync(stop);
        if (Find(aggregates, id) is not { } aggregate)
            return NoSuchAggregate(id);
        var (changed, refusal) = change(aggregate, hosts, aggregates);
        if (refusal is not null)
            return refusal;
        if (aggregates.Any(a => a.Uuid != aggregate.Uuid && a.Name == changed!.Name))
            return NameTaken(changed!.Name);
        var next = changed! with { Generation = aggregate.Generation + 1, UpdatedAt = time.GetUtcNow() };
        IReadOnlyList<Aggregate> after = [.. aggregates.Select(a => a.Uuid == next.Uuid ? next : a)];
        if (next.Zone != aggregate.Zone && await RefuseZoneAsync(next, action, hosts, after, stop) is { } occupied)
            return occupied;
        return await committer.TakeAsync([new PutAggregate(next, next.UpdatedAt.Value), .. Told(aggregate, next, hosts, after, caller.TraceParent)]) is null
            ? One(next, hosts, caller.Version)
            : null;
    }, $"Aggregate {id} changed with every attempt; nothing was done.");

    /// <summary>A zone is not taken from under servers; nor may a host be in two.</summary>
    private async Task<ApiResult?> RefuseZoneAsync(
        Aggregate next, string action, IReadOnlyList<FleetHost> hosts, IReadOnlyList<Aggregate> all, CancellationToken stop)
    {
        if (next.Hosts.FirstOrDefault(host => ZonesOf(host, all).Count() > 1) is { Value: var twice } && twice != Guid.Empty)
            return ApiResult.Conflict($"Cannot {action} aggregate {next.Id}: host {NameOf(new HostId(twice), hosts)} would be in two zones.");
        return next.Hosts.Count > 0 && (await fleet.ServersAsync(next.Hosts, stop)).Count > 0
            ? ApiResult.BadRequest($"Cannot {action} aggregate {next.Id}: One or more hosts contain instances in this zone")
            : null;
    }

    // Every host that was in it or is in it follows something else from now on.
    private IEnumerable<IWrite> Told(Aggregate before, Aggregate after, IReadOnlyList<FleetHost> hosts, IReadOnlyList<Aggregate> all, string? traceParent) =>
        from host in hosts
        where before.Hosts.Contains(host.Row.Host) || after.Hosts.Contains(host.Row.Host)
        let said = host.NextSetting with
        {
            Zone = ZonesOf(host.Row.Host, all).FirstOrDefault(),
            Aggregates = [.. all.Where(a => a.Hosts.Contains(host.Row.Host)).OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => a.ForPlacement)],
        }
        from write in words.Writes(host with { Setting = said }, traceParent)
        select write;

    private static IEnumerable<string> ZonesOf(HostId host, IReadOnlyList<Aggregate> all) =>
        all.Where(a => a.Hosts.Contains(host)).Select(a => a.Zone).OfType<string>().Distinct(StringComparer.Ordinal);

    // Hosts first: an aggregate that changes in between has then given its hosts numbers that are not those read here.
    private async Task<(IReadOnlyList<FleetHost> Hosts, IReadOnlyList<Aggregate> Aggregates)> ReadAsync(CancellationToken stop) =>
        (await fleet.HostsAsync(stop), await fleet.AggregatesAsync(stop));

    private static (string? Name, string? Zone, bool SetsZone) ReadUpdate(BodyObject asked)
    {
        var (name, zone, setsZone) = (asked.Has("name") ? asked.Name("name") : null, ReadZone(asked), asked.Has(ZoneKey));
        if (name is null && !setsZone)
            asked.Problem.Note("aggregate", "It names neither a name nor an availability zone");
        return (name, zone, setsZone);
    }

    private static string? ReadZone(BodyObject asked)
    {
        var zone = asked.OptionalText(ZoneKey, minimum: 1);
        if (zone is not null && (zone.Contains(':', StringComparison.Ordinal) || zone.Trim() != zone || zone.Any(char.IsControl)))
            asked.Problem.Note($"aggregate.{ZoneKey}", "It may not have ':' or control characters, nor begin or end with a space.");
        return zone;
    }

    private static SortedDictionary<string, string?> ReadMetadata(BodyObject set)
    {
        var items = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        if (set.Any("metadata") is not { ValueKind: JsonValueKind.Object } metadata)
        {
            set.Problem.Note("set_metadata.metadata", "'metadata' is a required property, an object");
            return items;
        }
        foreach (var item in metadata.EnumerateObject())
        {
            if (item.Name.Length is 0 or > 255 || item.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)
                || item.Value.ValueKind == JsonValueKind.String && item.Value.GetString()!.Length > 255)
                set.Problem.Note($"set_metadata.metadata.{item.Name}", "Keys have 1 to 255 characters; a value is a text of at most 255, or null");
            else
                items[item.Name] = item.Value.GetString();
        }
        return items;
    }

    private static Aggregate? Find(IReadOnlyList<Aggregate> aggregates, string id) =>
        aggregates.FirstOrDefault(a => a.Id.ToString(CultureInfo.InvariantCulture) == id);

    private static ApiResult One(Aggregate aggregate, IReadOnlyList<FleetHost> hosts, Microversion version, bool shownHosts = true) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("aggregate");
        Write(w, aggregate, hosts, version, shownHosts);
        w.WriteEndObject();
    });

    /// <param name="shownHosts">The answer to a create has neither hosts nor metadata (Nova API, create aggregate).</param>
    private static void Write(Utf8JsonWriter w, Aggregate aggregate, IReadOnlyList<FleetHost> hosts, Microversion version, bool shownHosts = true)
    {
        w.WriteStartObject();
        w.WriteNumber("id", aggregate.Id);
        if (version.Has(41))
            w.WriteString("uuid", aggregate.Uuid);
        w.WriteString("name", aggregate.Name);
        w.WriteString(ZoneKey, aggregate.Zone);
        if (shownHosts)
        {
            w.WriteStartArray("hosts");
            foreach (var host in aggregate.Hosts)
                w.WriteStringValue(NameOf(host, hosts));
            w.WriteEndArray();
            w.WriteStartObject("metadata");
            foreach (var (key, value) in aggregate.Metadata)
                w.WriteString(key, value);
            if (aggregate.Zone is { } zone)
                w.WriteString(ZoneKey, zone);
            w.WriteEndObject();
        }
        w.WriteString("created_at", NovaTimes.Micro(aggregate.CreatedAt));
        w.WriteString("updated_at", aggregate.UpdatedAt is { } at ? NovaTimes.Micro(at) : null);
        w.WriteBoolean("deleted", false);
        w.WriteNull("deleted_at");
        w.WriteEndObject();
    }

    // A host that has left its cell stays in the aggregate, by its uuid, until somebody takes it out.
    private static string NameOf(HostId host, IReadOnlyList<FleetHost> hosts) => hosts.FirstOrDefault(h => h.Row.Host == host)?.Row.Name ?? host.ToString();

    private static ApiResult NameTaken(string name) => ApiResult.Conflict($"Aggregate {name} already exists.");

    private static ApiResult NoSuchAggregate(string id) => ApiResult.NotFound($"Aggregate {id} could not be found.");

    /// <summary>What an aggregate becomes, or why it does not.</summary>
    private delegate (Aggregate? Changed, ApiResult? Refusal) AggregateChange(Aggregate aggregate, IReadOnlyList<FleetHost> hosts, IReadOnlyList<Aggregate> all);
}
