using System.Globalization;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>
/// What was asked of a server and how it ended (Nova API, os-instance-actions). Pages and times of change from 2.58; events for admins, from 2.51 for
/// owners too, the reason of a failure (there: the traceback) for admins alone.
/// </summary>
internal sealed class NovaActionLog(ServerStore servers, ActionStore actions, HomeOptions options)
{
    /// <summary>What a list may be asked by (nova/api/openstack/compute/schemas/instance_actions.py).</summary>
    public static readonly string[] Known = ["limit", "marker", "changes-since", "changes-before"];

    private const int MaximumLimit = 1_000;

    public async Task<ApiResult> ListAsync(RequestContext caller, string id, Query query, CancellationToken stop)
    {
        if (await servers.FindAsync(caller, id, stop) is not { } server)
            return ServerAccess.NoSuchServer(id);
        var all = (await actions.ListAsync(server.Intent.Id, stop)).Select(action => (Action: action, End: EndOf(action, server))).ToList();
        var (listed, refusal) = caller.Version.Has(58) ? Page(all, query, caller.Version) : (new Page<(ServerAction Action, ActionEnd? End)>(all, null), null);
        return refusal ?? ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("instanceActions");
            foreach (var (action, end) in listed!.Items)
            {
                w.WriteStartObject();
                WriteAction(w, action, end, caller);
                w.WriteEndObject();
            }
            w.WriteEndArray();
            NovaLinks.WriteNext(w, "links", options.BaseUrl, $"servers/{id}/os-instance-actions", query, listed.Next);
            w.WriteEndObject();
        });
    }

    /// <summary>A server's log is short: it is read whole, and cut here.</summary>
    private static (Page<(ServerAction Action, ActionEnd? End)>? Listed, ApiResult? Refusal) Page(
        List<(ServerAction Action, ActionEnd? End)> all, Query query, Microversion version)
    {
        var limit = query.Limit(MaximumLimit, out var problem);
        var refusal = problem is null ? null : ApiResult.BadRequest(problem);
        DateTimeOffset? since = query["changes-since"] is { } from ? ServerList.ReadTime("changes-since", from, ref refusal) : null;
        DateTimeOffset? before = version.Has(66) && query["changes-before"] is { } to ? ServerList.ReadTime("changes-before", to, ref refusal) : null;
        var asked = all.Where(a => (since is null || ChangedAt(a) >= since) && (before is null || ChangedAt(a) <= before)).ToList();
        return asked.Cut(a => a.Action.RequestId, query["marker"], limit) is { } page
            ? (page, refusal)
            : (null, refusal ?? Pages.NoMarker(query["marker"]));
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, string requestId, CancellationToken stop)
    {
        if (await servers.FindAsync(caller, id, stop) is not { } server)
            return ServerAccess.NoSuchServer(id);
        if (await actions.FindAsync(server.Intent.Id, requestId, stop) is not { } action)
            return ApiResult.NotFound($"Action for request_id {requestId} on instance {id} not found");
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("instanceAction");
            WriteAction(w, action, EndOf(action, server), caller);
            if (caller.IsAdmin || caller.Version.Has(51))
                WriteEvents(w, action, EndOf(action, server), caller);
            w.WriteEndObject();
            w.WriteEndObject();
        });
    }

    /// <summary>A create has no answer of its own: its server shows how it ended.</summary>
    private static ActionEnd? EndOf(ServerAction action, Server server) => action switch
    {
        { Action: not InstanceAction.Create } => action.Ended,
        _ when server.View.LaunchedAt is { } launched => new ActionEnd(ActionOutcome.Done, null, server.View.HostName, action.AcceptedAt, launched),
        _ when server.Dispatch is { State: DispatchState.Refused } ended => new ActionEnd(ActionOutcome.Failed, ended.Fault, null, action.AcceptedAt, ended.SettledAt),
        _ => null,
    };

    private static DateTimeOffset ChangedAt((ServerAction Action, ActionEnd? End) of) => of.End?.At ?? of.Action.AcceptedAt;

    private static void WriteAction(Utf8JsonWriter w, ServerAction action, ActionEnd? end, RequestContext caller)
    {
        w.WriteString("action", action.Action.LogName());
        w.WriteString("instance_uuid", action.Instance.Value);
        w.WriteString("request_id", action.RequestId);
        w.WriteString("user_id", action.User.ToString());
        w.WriteString("project_id", action.Project.ToString());
        w.WriteString("start_time", Time(action.AcceptedAt));
        w.WriteString("message", end is { Outcome: not ActionOutcome.Done } ? "Error" : null);
        if (caller.Version.Has(58))
            w.WriteString("updated_at", Time(ChangedAt((action, end))));
    }

    private static void WriteEvents(Utf8JsonWriter w, ServerAction action, ActionEnd? end, RequestContext caller)
    {
        w.WriteStartArray("events");
        if (action.Intent is not null)
        {
            w.WriteStartObject();
            w.WriteString("event", EventName(action.Action));
            w.WriteString("start_time", Time(end?.BeganAt ?? action.AcceptedAt));
            w.WriteString("finish_time", end is null ? null : Time(end.At));
            w.WriteString("result", end is null ? null : end.Outcome == ActionOutcome.Done ? "Success" : "Error");
            if (caller.IsAdmin)
                w.WriteString("traceback", end?.Reason);
            if (caller.Version.Has(62))
            {
                if (caller.IsAdmin)
                    w.WriteString("host", end?.HostName);
                w.WriteString("hostId", ServerDetail.HostIdOf(action.Project, end?.HostName));
            }
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    /// <summary>As Nova's compute manager names its own steps.</summary>
    private static string EventName(InstanceAction action) => action switch
    {
        InstanceAction.Create => "compute__do_build_and_run_instance",
        InstanceAction.Delete => "compute_terminate_instance",
        InstanceAction.ResetState => "compute_reset_state",
        _ => $"compute_{action.LogName()}_instance",
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
}
