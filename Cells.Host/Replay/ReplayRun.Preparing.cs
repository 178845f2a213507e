using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Cells.Contracts;

namespace Cells.Host.Replay;

/// <summary>What a replay needs of the tree before its first request: flavors of the trace's sizes, an image, no quota.</summary>
internal sealed partial class ReplayRun
{
    private async Task<string> EnsureFlavorAsync(int vcpus, long memoryMib, CancellationToken stop)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"trace.{vcpus}c-{memoryMib}m");
        var body = new JsonObject { ["flavor"] = new JsonObject { ["id"] = name, ["name"] = name, ["vcpus"] = vcpus, ["ram"] = memoryMib, ["disk"] = 1 } };
        var made = await cloud.SendAsync(HttpMethod.Post, "compute", "/flavors", body, stop);
        return made.IsSuccess || made.Status == HttpStatusCode.Conflict
            ? name
            : throw new CellsException($"The flavor {name} could not be made: {(int)made.Status} {made.Fault}. A replay needs the admin role.");
    }

    private async Task<string> EnsureImageAsync(CancellationToken stop)
    {
        const string name = "trace-image";
        if ((await cloud.GetAsync("image", $"/v2/images?name={name}&status=active", stop))["images"]!.AsArray() is [{ } found, ..])
            return (string)found["id"]!;
        var made = await cloud.SendAsync(HttpMethod.Post, "image", "/v2/images",
            new JsonObject { ["name"] = name, ["disk_format"] = "raw", ["container_format"] = "bare", ["visibility"] = "private" }, stop);
        if (made.Status != HttpStatusCode.Created)
            throw new CellsException($"The image {name} could not be made: {(int)made.Status} {made.Fault}");
        var id = (string)made.Body!["id"]!;
        var uploaded = await cloud.UploadAsync("image", $"/v2/images/{id}/file", new byte[64 * 1024], stop);
        return uploaded.IsSuccess ? id : throw new CellsException($"The image {name} could not be uploaded: {(int)uploaded.Status} {uploaded.Fault}");
    }

    /// <summary>A recorded workload knows no quota: the replay's project gets none either.</summary>
    private async Task EnsureQuotaAsync(CancellationToken stop)
    {
        var body = new JsonObject { ["quota_set"] = new JsonObject { ["instances"] = -1, ["cores"] = -1, ["ram"] = -1 } };
        var answer = await cloud.SendAsync(HttpMethod.Put, "compute", $"/os-quota-sets/{cloud.ProjectId}", body, stop);
        if (!answer.IsSuccess)
            throw new CellsException($"The project's quota could not be lifted: {(int)answer.Status} {answer.Fault}. A replay needs the admin role.");
    }
}
