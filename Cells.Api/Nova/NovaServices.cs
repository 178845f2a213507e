using System.Globalization;
using System.Text.Json;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>
/// Compute services (Nova API, os-services): one for each host below, with the host's own uuid. What is said of one is a row here and travels to the
/// host's cell, which places nothing there from then on.
/// </summary>
internal sealed class NovaServices(SeenFleet fleet, OperatorWords words, TimeProvider time)
{
    private const string Binary = "nova-compute";

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        var hosts = query["binary"] is null or Binary ? await fleet.HostsAsync(stop) : [];
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("services");
            foreach (var host in hosts.Where(host => query["host"] is not { } name || host.Row.Name == name))
                Write(w, host, caller.Version, time.GetUtcNow());
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    /// <summary>Until 2.52 the path names what is done and the body the host; from 2.53 on the path names the service.</summary>
    public async Task<ApiResult> UpdateAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        var refusal = BodyObject.Read(body, root => caller.Version.Has(53) ? ReadUpdate(root) : ReadAction(root, id, caller.Version), out var asked);
        if (asked is null)
            return ApiResult.NotFound("Unknown action");
        if (refusal is not null)
            return refusal;
        var byId = caller.Version.Has(53);
        if (byId && !Guid.TryParseExact(id, "D", out _))
            return NoSuchService(id);
        return await words.SayAsync(
            byId ? id : asked.Host,
            asked.Change,
            () => byId ? NoSuchService(id) : ApiResult.NotFound($"Could not find binary {Binary} on host {asked.Host}."),
            host => ApiResult.Ok(w => WriteUpdated(w, host, id, caller.Version, time.GetUtcNow())),
            caller.TraceParent, stop);
    }

    /// <summary>A service is there as long as its host belongs to a pool: the host goes there, and its service with it.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        var found = (await fleet.HostsAsync(stop)).FirstOrDefault(host =>
            caller.Version.Has(53) ? host.Row.Host.ToString() == id : host.Number.ToString(CultureInfo.InvariantCulture) == id);
        if (found is not { } host)
            return ApiResult.NotFound($"Service {id} not found.");
        return (await fleet.ServersAsync([host.Row.Host], stop)).Count > 0
            ? ApiResult.Conflict($"Unable to delete compute service that is hosting instances. Migrate or delete the instances first.")
            : ApiResult.Conflict($"Host {host.Row.Name} belongs to a pool of cell {host.Row.Cell}. Eject it from its pool, or take the pool out of the cell: its service goes then.");
    }

    private static Asked ReadUpdate(BodyObject root)
    {
        var status = root.OptionalText("status");
        if (status is not (null or "enabled" or "disabled"))
            root.Problem.Note("status", $"Value: {status}. It is not one of enabled, disabled");
        var reason = root.OptionalText("disabled_reason", minimum: 1);
        if (reason is not null && status != "disabled")
            root.Problem.Note("disabled_reason", "Specifying disabled_reason requires that status is 'disabled'.");
        var forced = root.Boolean("forced_down");
        if (status is null && forced is null)
            root.Problem.Note("body", "No updates were requested. Fields 'status' or 'forced_down' should be specified.");
        return new Asked("", setting => (status switch
        {
            "enabled" => setting with { Disabled = false, Reason = null },
            "disabled" => setting with { Disabled = true, Reason = reason },
            _ => setting,
        }) with { ForcedDown = forced ?? setting.ForcedDown });
    }

    private static Asked? ReadAction(BodyObject root, string action, Microversion version)
    {
        var (host, binary) = (root.Text("host"), root.Text("binary"));
        if (binary is not (Binary or ""))
            root.Problem.Note("binary", $"Value: {binary}. This cloud has services of {Binary} only.");
        switch (action)
        {
            case "enable":
                return new Asked(host, setting => setting with { Disabled = false, Reason = null });
            case "disable":
                return new Asked(host, setting => setting with { Disabled = true, Reason = null });
            case "disable-log-reason":
                var reason = root.Text("disabled_reason");
                return new Asked(host, setting => setting with { Disabled = true, Reason = reason });
            case "force-down" when version.Has(11):
                var forced = root.Boolean("forced_down");
                if (forced is null)
                    root.Problem.Note("forced_down", "'forced_down' is a required property");
                return new Asked(host, setting => setting with { ForcedDown = forced == true });
            default:
                return null;
        }
    }

    private static void WriteUpdated(Utf8JsonWriter w, FleetHost host, string action, Microversion version, DateTimeOffset now)
    {
        w.WriteStartObject();
        w.WritePropertyName("service");
        if (version.Has(53))
        {
            Write(w, host, version, now);
        }
        else
        {
            w.WriteStartObject();
            w.WriteString("host", host.Row.Name);
            w.WriteString("binary", Binary);
            if (action == "force-down")
                w.WriteBoolean("forced_down", host.IsForcedDown);
            else
                w.WriteString("status", host.IsDisabled ? "disabled" : "enabled");
            if (action == "disable-log-reason")
                w.WriteString("disabled_reason", host.DisabledReason);
            w.WriteEndObject();
        }
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, FleetHost host, Microversion version, DateTimeOffset now)
    {
        w.WriteStartObject();
        if (version.Has(53))
            w.WriteString("id", host.Row.Host.Value);
        else
            w.WriteNumber("id", host.Number);
        w.WriteString("binary", Binary);
        w.WriteString("host", host.Row.Name);
        w.WriteString("zone", host.Zone);
        w.WriteString("status", host.IsDisabled ? "disabled" : "enabled");
        w.WriteString("state", host.IsUp ? "up" : "down");
        w.WriteString("updated_at", NovaTimes.Micro(host.SeenAt(now)));
        w.WriteString("disabled_reason", host.DisabledReason);
        if (version.Has(11))
            w.WriteBoolean("forced_down", host.IsForcedDown);
        w.WriteEndObject();
    }

    private static ApiResult NoSuchService(string id) => ApiResult.NotFound($"Service {id} could not be found.");

    private sealed record Asked(string Host, Func<ConfigureHost, ConfigureHost> Change);
}
