using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Cells.Api.Admin;
using Cells.Host.Clients;

namespace Cells.Host.Commands.Nouns;

/// <summary>Looks at a server until something is over, and tells each change of what it sees.</summary>
internal sealed class ServerWait(CloudClient cloud, TimeProvider time, Action<string> tell, TimeSpan lookEvery)
{
    private static readonly TimeSpan RowFollowsWithin = TimeSpan.FromSeconds(5);

    /// <summary>Until nothing of it is left.</summary>
    public Task<ExitCode> UntilDeletedAsync(string id, TimeSpan patience, CancellationToken stop) => UntilAsync(
        id, "the delete", patience, server => Task.FromResult((string)server["vm_state"]! == "deleted" ? new WaitEnd(true, null) : null), stop);

    /// <summary>Until a create has ended: it has a host and ran, or it is in ERROR, be it that its cell has been silent for too long.</summary>
    public Task<ExitCode> UntilCreatedAsync(string id, TimeSpan patience, CancellationToken stop) => UntilAsync(
        id, "the create", patience, server => Task.FromResult((string)server["status"]! switch
        {
            "ERROR" => new WaitEnd(false, (string?)server["fault"] ?? "it is in ERROR, without a reason"),
            "DELETED" => new WaitEnd(false, "somebody deleted it"),
            "BUILD" => null,
            _ => new WaitEnd(true, null),
        }), stop);

    /// <summary>Until the server's log says how an action ended.</summary>
    /// <param name="request">Id of the request that was accepted.</param>
    public Task<ExitCode> UntilActedAsync(string id, string what, string request, TimeSpan patience, CancellationToken stop) => UntilAsync(
        id, what, patience, async _ => EndOf(await LoggedAsync(id, request, stop)), stop);

    /// <summary>Null while it goes on. What needs no cell below (a lock) is over when it is accepted.</summary>
    internal static WaitEnd? EndOf(JsonNode? logged) => logged switch
    {
        null => new WaitEnd(false, "the server was deleted meanwhile"),
        _ when logged["events"] is not JsonArray { Count: > 0 } => new WaitEnd(true, null),
        _ when logged["events"]![0]! is var last && last["finish_time"] is null => null,
        _ when (string?)logged["events"]![0]!["result"] == "Success" => new WaitEnd(true, null),
        _ => new WaitEnd(false, (string?)logged["events"]![0]!["traceback"] ?? "no reason was given"),
    };

    internal static string Progress(JsonNode server)
    {
        var task = (string?)server["task_state"];
        var step = (string?)server["step"];
        var told = StepProgress.Parse(step) is { } p
            ? string.Create(CultureInfo.InvariantCulture, $", {(p.Undoing ? "undoing " : "")}step {p.Step}, {p.Number} of {p.Of}, {p.Percent} %")
            : step is null ? "" : $", step {step}";
        var silent = (bool)server["silent"]! ? $", its cell {server["cell"] ?? server["asked"]} is silent" : "";
        return $"{task ?? (string)server["vm_state"]!}{told}{silent}";
    }

    private async Task<ExitCode> UntilAsync(string id, string what, TimeSpan patience, Func<JsonNode, Task<WaitEnd?>> endOf, CancellationToken stop)
    {
        var (began, told) = (time.GetTimestamp(), "");
        while (true)
        {
            var server = await cloud.GetAsync("cells", $"/servers/{id}", stop);
            var end = await endOf(server);
            // What it was doing when it ended is not what it is now: look again.
            if (end is not null)
                server = await AfterAsync(id, end, stop);
            if (Progress(server) is var now && now != told)
                tell($"server {id}: {told = now}");
            if (end is { IsDone: true })
                return ExitCode.Done;
            if (end is not null)
                throw new CommandFailed(ExitCode.Failed, $"server {id}: {what} failed: {end.Reason} See `cells server explain {id}` and `cells server events {id}`.");
            if (time.GetElapsedTime(began) > patience)
            {
                tell($"server {id}: {what} has not ended after {patience.TotalSeconds:0} s. It goes on: `cells server show {id}` and `cells task list` tell where it is.");
                return ExitCode.TimedOut;
            }
            await Task.Delay(lookEvery, time, stop);
        }
    }

    /// <summary>The end of an action and the row that it leaves come up by two ways. The row is waited for a little: what follows may keep it busy.</summary>
    private async Task<JsonNode> AfterAsync(string id, WaitEnd end, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var server = await cloud.GetAsync("cells", $"/servers/{id}", stop);
            if (!end.IsDone || server["task_state"] is null || (bool)server["silent"]! || time.GetElapsedTime(began) > RowFollowsWithin)
                return server;
            await Task.Delay(lookEvery, time, stop);
        }
    }

    private async Task<JsonNode?> LoggedAsync(string id, string request, CancellationToken stop)
    {
        var path = $"/servers/{id}/os-instance-actions/{request}";
        var answer = await cloud.SendAsync(HttpMethod.Get, "compute", path, null, stop);
        if (answer.Status == HttpStatusCode.NotFound)
            return null;
        return answer.IsSuccess ? answer.Body!["instanceAction"]! : throw answer.Refusal($"GET {path}");
    }
}

/// <summary>How something ended.</summary>
/// <param name="Reason">Why it failed; null when it was done.</param>
internal sealed record WaitEnd(bool IsDone, string? Reason);
