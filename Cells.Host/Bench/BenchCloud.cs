using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Clients;

namespace Cells.Host.Bench;

/// <summary>What a benchmark needs before it boots anything: no quota in the way, and a small image.</summary>
internal static class BenchCloud
{
    private const int ImageBytes = 64 * 1024;

    /// <returns>Id of the image.</returns>
    public static async Task<string> PrepareAsync(CloudClient cloud, CancellationToken stop)
    {
        var unlimited = new JsonObject { ["quota_set"] = new JsonObject { ["instances"] = -1, ["cores"] = -1, ["ram"] = -1 } };
        Check(await cloud.SendAsync(HttpMethod.Put, "compute", $"/os-quota-sets/{cloud.ProjectId}", unlimited, stop), "The quota could not be lifted");
        var made = Check(await cloud.SendAsync(HttpMethod.Post, "image", "/v2/images",
            new JsonObject { ["name"] = "bench", ["disk_format"] = "raw", ["container_format"] = "bare" }, stop), "The image could not be made");
        var id = (string)made.Body!["id"]!;
        Check(await cloud.UploadAsync("image", $"/v2/images/{id}/file", new byte[ImageBytes], stop), "The image could not be uploaded");
        return id;
    }

    public static CloudAnswer Check(CloudAnswer answer, string otherwise) => answer.IsSuccess
        ? answer
        : throw new CellsException($"{otherwise}: {(int)answer.Status} {answer.Fault}");
}
