using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts.Messages;

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
        return SayAsync(request, admin.WordOf(request.Caller.User.ToString(), reason.GetString()!), stop);
    }

    private Task<ApiResult> UnfenceAsync(ApiRequest request, CancellationToken stop) => SayAsync(request, null, stop);

    private async Task<ApiResult> SayAsync(ApiRequest request, FenceWord? word, CancellationToken stop)
    {
        var named = request.Route["host"];
        return await admin.HostsNamedAsync(named, stop) switch
        {
            [var host] => await admin.FenceAsync(host, word, () => NoSuchHost(named), stop),
            [] => NoSuchHost(named),
            var several => SeveralHosts(named, several),
        };
    }

    private static ApiResult NoSuchHost(string word) => ApiResult.NotFound($"No host '{word}' is known here. `cells host list` shows those that are.");

    private static ApiResult SeveralHosts(string word, IReadOnlyList<HostView> several) =>
        ApiResult.Conflict($"{several.Count} hosts are named '{word}': name one by its uuid: {string.Join(", ", several.Select(h => $"{h.Host} in {h.Cell}"))}.");
}
