using System.Text.Json;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Admin;

/// <summary>An operator's word that a host runs nothing any more.</summary>
public sealed partial class AdminRoutes
{
    /// <summary>Body: {"reason": "how it was made sure"}. The word is kept here and goes to the host's cell, where it counts until the host is heard again.</summary>
    private Task<ApiResult> FenceAsync(ApiRequest request, CancellationToken stop)
    {
        if (request.Body.ValueKind != JsonValueKind.Object || !request.Body.TryGetProperty("reason", out var reason) || reason.ValueKind != JsonValueKind.String
            || string.IsNullOrWhiteSpace(reason.GetString()))
            return Task.FromResult(ApiResult.BadRequest("The body must be an object with the text 'reason': how it was made sure that the host runs nothing."));
        return SayAsync(request, host => host.Age is { Silent: false } && host.Row.Status is "up" or "maintenance"
            ? ApiResult.Conflict($"Host {host.Row.Name} is heard by its cell: it runs what it runs. Power it off first.")
            : null, admin.WordOf(request.Caller.User.ToString(), reason.GetString()!), stop);
    }

    private Task<ApiResult> UnfenceAsync(ApiRequest request, CancellationToken stop) => SayAsync(request, _ => null, null, stop);

    private async Task<ApiResult> SayAsync(ApiRequest request, Func<FleetHost, ApiResult?> refuse, FenceWord? word, CancellationToken stop)
    {
        var named = request.Route["host"];
        switch (await admin.HostsNamedAsync(named, stop))
        {
            case []:
                return NoSuchHost(named);
            case [var host]:
                var (said, refusal, outcome) = await admin.FenceAsync(host.Host, refuse, word, stop);
                return refusal ?? (said is null ? NoSuchHost(named) : outcome switch
                {
                    CommitOutcome.Committed => ApiResult.Empty(202),
                    CommitOutcome.Unavailable away => Unavailable.Result(away),
                    _ => ApiResult.Unavailable($"Host {named} changed with every attempt; nothing was said of it.", Unavailable.RetryAfter),
                });
            case var several:
                return SeveralHosts(named, several);
        }
    }

    private static ApiResult NoSuchHost(string word) => ApiResult.NotFound($"No host '{word}' is known here. `cells host list` shows those that are.");

    private static ApiResult SeveralHosts(string word, IReadOnlyList<HostView> several) =>
        ApiResult.Conflict($"{several.Count} hosts are named '{word}': name one by its uuid: {string.Join(", ", several.Select(h => $"{h.Host} in {h.Cell}"))}.");
}
