using System.Text.Json;
using Cells.Api.Dispatch;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Api.Images;
using Cells.Api.Networks;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

/// <summary>Servers (Nova API). Free of HTTP: a stepped world calls it as the listener does.</summary>
public sealed class NovaServers
{
    private readonly ServerStore _store;
    private readonly FlavorStore _flavors;
    private readonly ImageStore _images;
    private readonly KeypairStore _keypairs;
    private readonly QuotaStore _quotas;
    private readonly ServerNics _nics;
    private readonly FleetStore _fleet;
    private readonly ServerGroupJoin _groups;
    private readonly IServerDispatch _dispatch;
    private readonly ICommitter _committer;
    private readonly TimeProvider _time;
    private readonly IIdSource _ids;
    private readonly HomeOptions _options;

    internal NovaServers(
        ServerStore store, FlavorStore flavors, ImageStore images, KeypairStore keypairs, QuotaStore quotas, FleetStore fleet, ServerGroupJoin groups, ServerNics nics,
        IServerDispatch dispatch, ICommitter committer, TimeProvider time, IIdSource ids, HomeOptions options)
    {
        (_store, _flavors, _images, _keypairs, _quotas, _fleet, _groups, _nics) = (store, flavors, images, keypairs, quotas, fleet, groups, nics);
        (_dispatch, _committer, _time, _ids, _options) = (dispatch, committer, time, ids, options);
    }

    /// <summary>202 once intent, quota, dispatch and message are committed together; whatever happens then is seen in the server's status.</summary>
    public Task<ApiResult> CreateAsync(RequestContext caller, CreateServer asked, CancellationToken stop) =>
        Unavailable.GuardAsync(() => CreateOnceAsync(caller, asked, stop));

    /// <summary>204 once the last intent is committed; the server is gone when GET says 404.</summary>
    public Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop) =>
        Unavailable.GuardAsync(() => DeleteOnceAsync(caller, id, 204, stop));

    /// <summary>The same, asked as an action (Nova API 2.1, forceDelete): 202.</summary>
    public Task<ApiResult> ForceDeleteAsync(RequestContext caller, string id, CancellationToken stop) =>
        Unavailable.GuardAsync(() => DeleteOnceAsync(caller, id, 202, stop));

    public Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) => Unavailable.GuardAsync(async () =>
        await FindAsync(caller, id, stop) is { } server ? One(server, caller, ServerAnswer.Show) : NoSuchServer(id));

    /// <summary>Name, description, addresses and disk config: the home's own words for a server, at any time until its delete.</summary>
    internal Task<ApiResult> UpdateAsync(RequestContext caller, string id, UpdateServer asked, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        if (!caller.MayChange)
            return ServerAccess.NotAllowed("servers:update");
        return await Attempts.RunAsync(async () =>
        {
            if (await FindAsync(caller, id, stop) is not { } server)
                return NoSuchServer(id);
            if (ServerAccess.Refusal(caller, server, "update") is { } refusal)
                return refusal;
            var missed = await _committer.TakeAsync(new DescribeServer(
                server.Intent.Id, asked.Name, asked.SetsDescription, asked.Description, asked.DiskConfig, asked.AccessIpV4, asked.AccessIpV6, _time.GetUtcNow(),
                caller.IsAdmin));
            if (missed is not null)
                return null;
            return await FindAsync(caller, id, stop) is { } after ? One(after, caller, ServerAnswer.Update) : NoSuchServer(id);
        }, $"Server {id} changed with every attempt; it was not updated.");
    });

    public Task<ApiResult> ListAsync(RequestContext caller, Query query, bool detail, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        if (ServerList.Read(query, caller, out var refusal) is not { } asked)
            return refusal!;
        IReadOnlyList<Server>? servers;
        try
        {
            servers = await _store.ListAsync(asked.Filter, asked.Order, asked.Marker, asked.Limit, stop);
        }
        catch (PostgresException wrong) when (wrong.SqlState == PostgresErrorCodes.InvalidRegularExpression)
        {
            return ServerList.NoPattern(asked.Filter.NamePattern ?? "");
        }
        if (servers is null)
            return ApiResult.BadRequest($"marker [{asked.Marker}] not found");
        var next = servers.Count > 0 && servers.Count == asked.Limit
            ? NovaLinks.Self(_options.BaseUrl, $"servers{(detail ? "/detail" : "")}?{query.With("marker", servers[^1].Intent.Id.ToString())}") : null;
        return ApiResult.Ok(w => WriteList(w, servers, detail, caller, next));
    });

    private async Task<ApiResult> CreateOnceAsync(RequestContext caller, CreateServer asked, CancellationToken stop)
    {
        if (!caller.MayChange)
            return ApiResult.Forbidden("Policy doesn't allow os_compute_api:servers:create to be performed.");
        if (asked.KeyName is { } key && await _keypairs.FindAsync(caller.User, key, stop) is null)
            return ApiResult.BadRequest("Invalid key_name provided.");
        if (asked.Hints.AvailabilityZone is { } zone && !await _fleet.IsZoneAsync(zone, stop))
            return ApiResult.BadRequest("The requested availability zone is not available");

        if (asked.ForeignGroup(caller.Project!.Value) is { } group)
            return ApiResult.BadRequest($"Security group {group} not found for project {caller.Project}.");

        var count = asked.MaxCount;
        return await Attempts.RunAsync(async () =>
        {
            var (flavor, image, refusal) = await ResolveAsync(caller, asked, stop);
            if (refusal is not null)
                return refusal;
            var (hints, join, noGroup) = await _groups.PlanAsync(caller, asked, count, stop);
            if (noGroup is not null)
                return noGroup;
            var intents = Intents(caller, asked with { Hints = hints }, flavor!, image!, count);
            var charge = new ChargeQuota(caller.Project!.Value, Usage(flavor!.Flavor, count), asked.Metadata.Count);
            var nics = await _nics.PlanAsync(caller, asked.Nics, [.. intents.Select(intent => intent.Id)], stop);
            if (nics.Refusal is { } noNetwork)
                return noNetwork;
            DispatchOutcome? outcome = null;
            try
            {
                outcome = await _dispatch.BuildAsync(
                    [.. intents.Select((intent, i) => intent.ToBuild(epoch: 1) with { Nics = nics.Of(i) })],
                    [new LockProject(charge.Project), charge, new ChargeUser(charge.Project, caller.User, charge.Asked), .. join is null ? Array.Empty<IWrite>() : [join], .. intents.Select(intent => new InsertIntent(intent)), .. intents.Select(Created), .. nics.Writes],
                    intents[0].Deadline, caller.TraceParent, stop);
            }
            finally
            {
                _nics.End(nics, outcome is DispatchOutcome.Ended { Outcome: CommitOutcome.Missed lost } ? lost.Writes : []);
            }
            if (outcome.IsCommitted())
                return Accepted(asked, intents);
            if (outcome is not DispatchOutcome.Ended { Outcome: CommitOutcome.Missed missed })
                return outcome.Refusal();
            if (missed.Writes.Any(write => write is ChargeQuota or ChargeUser))
            {
                var (whole, own) = (await _quotas.StandingAsync(charge.Project, stop), await _quotas.UserStandingAsync(charge.Project, caller.User, stop));
                var (room, ownRoom) = (OverQuota.Fitting(whole, flavor!.Flavor, asked), OverQuota.Fitting(own, flavor.Flavor, asked));
                count = Math.Min(room, ownRoom);
                if (count < asked.MinCount)
                    return OverQuota.Refusal(room < asked.MinCount ? whole : own, flavor.Flavor, asked);
            }
            else if (missed.Writes.Any(write => write is InsertIntent))
            {
                // The flavor or the image went away since it was looked up.
                _flavors.Forget(asked.FlavorRef);
                _images.Forget(asked.Image);
            }
            return null;                                // or an address, a port or the group is another's since it was looked up: choose again
        }, "The project's quota or the flavor changed with every attempt; nothing was created.");
    }

    private async Task<(StoredFlavor? Flavor, StoredImage? Image, ApiResult? Refusal)> ResolveAsync(RequestContext caller, CreateServer asked, CancellationToken stop)
    {
        var flavor = await _flavors.FindForBuildAsync(asked.FlavorRef, stop);
        if (flavor is null || !flavor.IsOpenTo(caller))
            return (null, null, ApiResult.BadRequest($"Flavor {asked.FlavorRef} could not be found."));
        var image = await _images.FindActiveAsync(asked.Image, stop);
        return (flavor, image, ServerFit.Refusal(caller, flavor.Flavor, image, asked.Image));
    }

    private List<InstanceIntent> Intents(RequestContext caller, CreateServer asked, StoredFlavor flavor, StoredImage image, int count)
    {
        var now = Microseconds(_time.GetUtcNow());
        var reservation = $"r-{_ids.NewGuid().ToString("N")[..8]}";
        var spec = new ImageSpec(image.Id, image.Data!.SizeBytes, image.Data.Sha256, image.DiskFormat!);
        var ordered = flavor.Flavor with { ExtraSpecs = flavor.ExtraSpecs.Count == 0 ? null : flavor.ExtraSpecs };
        return [.. Enumerable.Range(0, count).Select(index =>
        {
            var (id, name) = (new InstanceId(_ids.NewGuid()), asked.MaxCount == 1 ? asked.Name : $"{asked.Name}-{index + 1}");
            return new InstanceIntent(
                id, caller.Project!.Value, caller.User, name,
                asked.Metadata, ordered, flavor.Made, spec, asked.KeyName, asked.Hints, asked.DiskConfig, asked.AccessIpV4, asked.AccessIpV6,
                reservation, Number: 1, Desired.Active, caller.RequestId, now + _options.IntentTerm, now, now, TerminatedAt: null)
            {
                // Before there were descriptions the name was shown as one (Nova API, 2.19).
                Description = caller.Version.Has(19) ? asked.Description : name,
                Hostname = Hostname.Of(name, id),
                LaunchIndex = index,
                Tags = asked.Tags,
                Group = asked.Hints.Group?.Id,
            };
        })];
    }

    private async Task<ApiResult> DeleteOnceAsync(RequestContext caller, string id, int accepted, CancellationToken stop)
    {
        if (!caller.MayChange)
            return ApiResult.Forbidden("Policy doesn't allow os_compute_api:servers:delete to be performed.");
        return await Attempts.RunAsync(async () =>
        {
            if (await FindAsync(caller, id, stop) is not { } server)
                return NoSuchServer(id);
            if (server.Intent.Desired == Desired.Deleted)
                return ApiResult.Empty(accepted);   // the first delete is on its way; nothing is accepted after it
            if (InstanceLifecycle.Judge(InstanceAction.Delete, server.Intent.Id, server.Guarded(caller)).Refusal is { } refused)
                return ApiResult.Conflict(refused);
            var now = Microseconds(_time.GetUtcNow());
            var intent = new DeleteInstanceIntent(
                server.Intent.Id, server.Intent.Project, server.Intent.Number + 1, caller.RequestId, now, now + _options.IntentTerm, server.Intent.Lock);
            var outcome = await _dispatch.DeleteAsync(
                new DeleteInstance(intent.Instance, server.Dispatch.Epoch, intent.Number, intent.Project, intent.RequestId),
                [intent, new InsertAction(new ServerAction(intent.Instance, caller.RequestId, InstanceAction.Delete, intent.Number, intent.Project, caller.User, now, null))],
                intent.Deadline, caller.TraceParent, stop);
            return outcome.IsCommitted() ? ApiResult.Empty(accepted) : outcome.Refusal();
        }, $"Server {id} changed with every attempt; it was not deleted.");
    }

    private Task<Server?> FindAsync(RequestContext caller, string id, CancellationToken stop) => _store.FindAsync(caller, id, stop);

    private static InsertAction Created(InstanceIntent intent) => new(new ServerAction(
        intent.Id, intent.RequestId, InstanceAction.Create, intent.Number, intent.Project, intent.User, intent.CreatedAt, null));

    private ApiResult Accepted(CreateServer asked, List<InstanceIntent> intents)
    {
        if (asked.ReturnReservationId)
            return ApiResult.Json(202, w =>
            {
                w.WriteStartObject();
                w.WriteString("reservation_id", intents[0].ReservationId);
                w.WriteEndObject();
            });
        var path = $"servers/{intents[0].Id}";
        return ApiResult.Json(202, w => WriteAccepted(w, asked, intents[0], path)).With("Location", NovaLinks.Self(_options.BaseUrl, path));
    }

    private void WriteAccepted(Utf8JsonWriter w, CreateServer asked, InstanceIntent intent, string path)
    {
        w.WriteStartObject();
        w.WriteStartObject("server");
        w.WriteString("id", intent.Id.Value);
        NovaLinks.WriteBoth(w, _options.BaseUrl, path);
        w.WriteString("OS-DCF:diskConfig", intent.DiskConfig);
        w.WriteStartArray("security_groups");
        w.WriteStartObject();
        w.WriteString("name", "default");
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteString("adminPass", asked.AdminPass ?? NewPassword());
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private ApiResult One(Server server, RequestContext caller, ServerAnswer answer) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("server");
        ServerDetail.Write(w, server, _options.BaseUrl, new ServerShape(caller.Version, caller.IsAdmin, answer));
        w.WriteEndObject();
    });

    private void WriteList(Utf8JsonWriter w, IReadOnlyList<Server> servers, bool detail, RequestContext caller, string? next)
    {
        w.WriteStartObject();
        w.WriteStartArray("servers");
        foreach (var server in servers)
        {
            if (detail)
                ServerDetail.Write(w, server, _options.BaseUrl, new ServerShape(caller.Version, caller.IsAdmin, ServerAnswer.List));
            else
                ServerDetail.WriteShort(w, server, _options.BaseUrl);
        }
        w.WriteEndArray();
        if (next is not null)
            NovaLinks.WriteNext(w, "servers_links", next);
        w.WriteEndObject();
    }

    /// <summary>
    /// The answer to an accepted action: a rebuild shows the server as it is ordered now, a rescue the password, others nothing (Nova API 2.1, server
    /// actions).
    /// </summary>
    internal async Task<ApiResult> AcceptedAsync(RequestContext caller, string id, AskedAction asked, CancellationToken stop)
    {
        if (asked.Action == InstanceAction.Rescue)
            return ApiResult.Ok(w =>
            {
                w.WriteStartObject();
                w.WriteString("adminPass", asked.AdminPass ?? NewPassword());
                w.WriteEndObject();
            });
        if (asked.Action != InstanceAction.Rebuild || await FindAsync(caller, id, stop) is not { } server)
            return ApiResult.Empty(asked.Action switch { InstanceAction.ConfirmResize => 204, InstanceAction.Evacuate => 200, _ => 202 });
        return ApiResult.Json(202, w =>
        {
            w.WriteStartObject();
            w.WritePropertyName("server");
            ServerDetail.Write(
                w, server, _options.BaseUrl, new ServerShape(caller.Version, caller.IsAdmin, ServerAnswer.Rebuild), asked.AdminPass ?? NewPassword());
            w.WriteEndObject();
        }).With("Location", NovaLinks.Self(_options.BaseUrl, $"servers/{server.Intent.Id}"));
    }

    // Nova's alphabet and length: nothing that is mistaken for another character.
    private string NewPassword()
    {
        const string letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        Span<byte> bytes = stackalloc byte[12];
        _ids.Fill(bytes);
        return string.Create(bytes.Length, (ReadOnlySpan<byte>)bytes, (text, from) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = letters[from[i] % letters.Length];
        });
    }

    private static QuotaUsage Usage(Flavor flavor, int count) => new(count, count * flavor.Vcpus, count * flavor.MemoryMib);

    // What the database keeps, so that an answer and a later read agree.
    internal static DateTimeOffset Microseconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    internal static ApiResult NoSuchServer(string id) => ServerAccess.NoSuchServer(id);
}
