using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>What the bodies of resize and migrations ask for, and what the door says to them before a cell does (Nova API 2.1, server actions). Pure.</summary>
internal static class MoveActions
{
    /// <summary>Only administrators say where a server is.</summary>
    public static bool IsForAdmins(InstanceAction action) => action is InstanceAction.Migrate or InstanceAction.LiveMigrate;

    public static AskedAction Resize(JsonElement value, Problem problem)
    {
        var body = new BodyObject(value, "resize", problem);
        var flavor = CreateServer.ReadFlavorRef(body);
        if (body.OptionalText("OS-DCF:diskConfig") is { } config && config is not ("AUTO" or "MANUAL"))
            problem.Note("resize.OS-DCF:diskConfig", $"Value: {config}. '{config}' is not one of ['AUTO', 'MANUAL']");
        body.Close();
        return new AskedAction(InstanceAction.Resize) { FlavorRef = flavor };
    }

    /// <summary>A host can be named from 2.56 on; before that the value says nothing.</summary>
    public static AskedAction Migrate(JsonElement value, Microversion version, Problem problem)
    {
        if (!version.Has(56) || value.ValueKind == JsonValueKind.Null)
            return new AskedAction(InstanceAction.Migrate);
        var body = new BodyObject(value, "migrate", problem);
        var host = body.OptionalText("host", minimum: 1);
        body.Close();
        return new AskedAction(InstanceAction.Migrate) { Host = host };
    }

    /// <summary>
    /// Disks do not move while their guests run: block_migration is refused. "auto" (from 2.25) leaves it to us. Whether the disk is where both hosts see it
    /// is the cell's to judge. force (2.30 to 2.67) changes nothing: a host that does not fit is not taken.
    /// </summary>
    public static AskedAction MigrateLive(JsonElement value, Microversion version, Problem problem)
    {
        var body = new BodyObject(value, "os-migrateLive", problem);
        var host = body.OptionalText("host", minimum: 1);
        var block = body.Any("block_migration");
        var asksForBlock = block switch
        {
            { ValueKind: JsonValueKind.True or JsonValueKind.False } word => word.ValueKind == JsonValueKind.True,
            { ValueKind: JsonValueKind.String } word when version.Has(25) && word.GetString() == "auto" => false,
            { ValueKind: JsonValueKind.String } word when BodyObject.BooleanWord(word.GetString()!) is { } said => said,
            _ => Bad(problem, block),
        };
        if (asksForBlock)
            problem.Note("os-migrateLive.block_migration", "Block migration is not supported: a disk that other hosts see moves no bytes, and one that they do not see stays.");
        if (!version.Has(25))
            body.Boolean("disk_over_commit");
        if (version.Has(30) && !version.Has(68))
            body.Boolean("force");
        body.Close();
        return new AskedAction(InstanceAction.LiveMigrate) { Host = host };
    }

    /// <summary>400, in Nova's words (nova/api/openstack/compute/servers.py, nova/exception.py); null when the flavor may be ordered.</summary>
    public static ApiResult? Refusal(RequestContext caller, Flavor own, StoredFlavor? ordered, string flavorRef) => ordered switch
    {
        null => ApiResult.BadRequest($"Flavor {flavorRef} could not be found."),
        _ when !ordered.IsOpenTo(caller) => ApiResult.BadRequest($"Flavor {flavorRef} could not be found."),
        _ when ordered.Flavor.Id == own.Id => ApiResult.BadRequest("When resizing, instances must change flavor!"),
        { Flavor.DiskGib: 0 } => ApiResult.BadRequest("Server disk was unable to be resized because: Resize to zero disk flavor is not allowed."),
        _ when ordered.Flavor.DiskGib < own.DiskGib => ApiResult.BadRequest("Server disk was unable to be resized because: Unable to resize disk down."),
        _ => null,
    };

    /// <summary>What a resize takes beyond what the server counts for already: nothing for what gets smaller.</summary>
    public static QuotaUsage Beyond(Flavor own, Flavor ordered) => new(0, Math.Max(0, ordered.Vcpus - own.Vcpus), Math.Max(0, ordered.MemoryMib - own.MemoryMib));

    /// <summary>The log's and the list's word for it.</summary>
    public static string TypeOf(InstanceAction action) => action switch
    {
        InstanceAction.Resize => "resize",
        InstanceAction.Migrate => "migration",
        _ => "live-migration",
    };

    private static bool Bad(Problem problem, JsonElement? value)
    {
        problem.Note("os-migrateLive.block_migration", value is { } given ? $"Value: {given.GetRawText()}." : "'block_migration' is a required property");
        return false;
    }
}
