using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>What createImage and createBackup ask for (Nova API 2.1).</summary>
/// <param name="Metadata">Becomes properties of the image.</param>
/// <param name="BackupType">Null for a snapshot, as is <paramref name="Rotation"/>: how many of its type stay.</param>
internal sealed record AskedSnapshot(InstanceAction Action, string Name, IReadOnlyDictionary<string, string> Metadata, string? BackupType, int? Rotation)
{
    public static bool IsIn(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.EnumerateObject().Take(2).ToList() is [{ Name: "createImage" or "createBackup" }];

    /// <param name="body">One of the two, by its one key.</param>
    /// <returns>Null when it is wrong; then <paramref name="refusal"/> says how.</returns>
    public static AskedSnapshot? Read(JsonElement body, out ApiResult? refusal)
    {
        var key = body.EnumerateObject().First().Name;
        var problem = new Problem();
        var asked = BodyObject.Root(body, problem).Object(key);
        var isBackup = key == "createBackup";
        var snapshot = new AskedSnapshot(
            isBackup ? InstanceAction.CreateBackup : InstanceAction.CreateImage,
            asked.Text("name"),
            asked.Strings("metadata") ?? new SortedDictionary<string, string>(StringComparer.Ordinal),
            isBackup ? asked.Text("backup_type") : null,
            isBackup ? (int)Required(asked, "rotation", problem) : null);
        asked.Close();
        refusal = problem.Text is { } text ? ApiResult.BadRequest(text) : null;
        return refusal is null ? snapshot : null;
    }

    private static long Required(BodyObject asked, string name, Problem problem)
    {
        if (asked.Integer(name, 0, int.MaxValue) is { } number)
            return number;
        problem.Note($"createBackup.{name}", $"'{name}' is a required property");
        return 0;
    }
}
