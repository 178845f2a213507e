using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>What the body of POST /servers/{id}/action asks for (Nova API 2.1, server actions): one key, and what stands under it.</summary>
/// <param name="ResetTo">Of os-resetState.</param>
/// <param name="LockedReason">Of lock, from 2.73.</param>
public sealed record AskedAction(InstanceAction Action, VmState? ResetTo = null, string? LockedReason = null)
{
    /// <summary>Of resize: the flavor that is ordered.</summary>
    public string? FlavorRef { get; init; }

    /// <summary>Of a migration or an evacuation: the only host that will do, by name; null for any that fits.</summary>
    public string? Host { get; init; }

    /// <summary>Of rebuild.</summary>
    public RebuildServer? Rebuild { get; init; }

    /// <summary>Of rescue: what the guest is to boot from; null for what its own disk was made of.</summary>
    public ImageId? RescueImage { get; init; }

    /// <summary>Of rebuild and rescue; null for one that is made.</summary>
    public string? AdminPass { get; init; }

    /// <summary>Actions of Nova that are not here, and why.</summary>
    private static readonly SortedDictionary<string, string> NotHere = new(StringComparer.Ordinal)
    {
        ["changePassword"] = "Passwords inside a server are its guest's: no agent of ours is there to set one.",
        ["os-getVNCConsole"] = NoConsole,
        ["os-getSPICEConsole"] = NoConsole,
        ["os-getRDPConsole"] = NoConsole,
        ["os-getSerialConsole"] = NoConsole,
        ["shelve"] = NotBuilt,
        ["shelveOffload"] = NotBuilt,
        ["unshelve"] = NotBuilt,
        ["restore"] = "Deleted servers are gone at once: none is kept to be restored.",
        ["trigger_crash_dump"] = NotBuilt,
        ["injectNetworkInfo"] = NotBuilt,
        ["addSecurityGroup"] = NotBuilt,
        ["removeSecurityGroup"] = NotBuilt,
    };

    private const string NotBuilt = "This version does not have it.";
    private const string NoConsole = "There is no proxy here that would lead to a console.";

    /// <summary>Null when the body asks for nothing that is here; then <paramref name="refusal"/> says why.</summary>
    public static AskedAction? Read(JsonElement body, Microversion version, out ApiResult? refusal)
    {
        refusal = null;
        if (body.ValueKind != JsonValueKind.Object || body.EnumerateObject().Take(2).ToList() is not [var asked])
        {
            refusal = ApiResult.BadRequest("Malformed request body: it has to be an object with one key, the action's name.");
            return null;
        }
        if (NotHere.TryGetValue(asked.Name, out var why))
        {
            refusal = ApiResult.Refuse(501, $"The action '{asked.Name}' is not supported: {why}");
            return null;
        }
        var problem = new Problem();
        var action = asked.Name switch
        {
            "os-start" => new AskedAction(InstanceAction.Start),
            "os-stop" => new AskedAction(InstanceAction.Stop),
            "reboot" => Reboot(asked.Value, problem),
            "pause" => new AskedAction(InstanceAction.Pause),
            "unpause" => new AskedAction(InstanceAction.Unpause),
            "suspend" => new AskedAction(InstanceAction.Suspend),
            "resume" => new AskedAction(InstanceAction.Resume),
            "rebuild" => RebuildServer.Read(asked.Value, version, problem),
            "rescue" => Rescue(asked.Value, problem),
            "unrescue" => new AskedAction(InstanceAction.Unrescue),
            "lock" => Lock(asked.Value, version, problem),
            "unlock" => new AskedAction(InstanceAction.Unlock),
            "resize" => MoveActions.Resize(asked.Value, problem),
            "confirmResize" => new AskedAction(InstanceAction.ConfirmResize),
            "revertResize" => new AskedAction(InstanceAction.RevertResize),
            "migrate" => MoveActions.Migrate(asked.Value, version, problem),
            "os-migrateLive" => MoveActions.MigrateLive(asked.Value, version, problem),
            "forceDelete" => new AskedAction(InstanceAction.Delete),
            "os-resetState" => Reset(asked.Value, problem),
            "evacuate" => Evacuate(asked.Value, version, problem),
            _ => null,
        };
        if (action is null)
            refusal = ApiResult.BadRequest($"There is no such action: {asked.Name}");
        else if (problem.Text is { } text)
            refusal = ApiResult.BadRequest(text);
        return refusal is null ? action : null;
    }

    private static AskedAction Reboot(JsonElement value, Problem problem)
    {
        var body = new BodyObject(value, "reboot", problem);
        var type = body.Text("type");
        if (type.ToUpperInvariant() is not ("SOFT" or "HARD"))
            problem.Note("reboot.type", $"Value: {type}. '{type}' is not one of ['SOFT', 'HARD']");
        body.Close();
        return new AskedAction(type.Equals("HARD", StringComparison.OrdinalIgnoreCase) ? InstanceAction.RebootHard : InstanceAction.RebootSoft);
    }

    private static AskedAction Rescue(JsonElement value, Problem problem)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return new AskedAction(InstanceAction.Rescue);
        var body = new BodyObject(value, "rescue", problem);
        var asked = new AskedAction(InstanceAction.Rescue)
        {
            AdminPass = body.OptionalText("adminPass"),
            RescueImage = body.OptionalText("rescue_image_ref", maximum: 2_048) is { } image ? RebuildServer.ReadImage(body, "rescue_image_ref", image) : null,
        };
        body.Close();
        return asked;
    }

    private static AskedAction Lock(JsonElement value, Microversion version, Problem problem)
    {
        if (value.ValueKind == JsonValueKind.Null || !version.Has(73))
            return new AskedAction(InstanceAction.Lock);
        var body = new BodyObject(value, "lock", problem);
        var reason = body.OptionalText("locked_reason", minimum: 1);
        body.Close();
        return new AskedAction(InstanceAction.Lock, LockedReason: reason);
    }

    /// <summary>
    /// What is asked of the disk (onSharedStorage, until 2.13) is a word for what the cell sees by itself, and force (2.29 to 2.67) would skip the check of the
    /// host that is asked for, which nobody may skip here. No agent in the guest could take a password.
    /// </summary>
    private static AskedAction Evacuate(JsonElement value, Microversion version, Problem problem)
    {
        var body = new BodyObject(value, "evacuate", problem);
        var host = body.OptionalText("host", minimum: 1);
        body.OptionalText("adminPass");
        if (!version.Has(14) && body.Boolean("onSharedStorage") is null)
            problem.Note("evacuate", "'onSharedStorage' is a required property");
        if (version.Has(29) && !version.Has(68))
            body.Boolean("force");
        body.Close();
        return new AskedAction(InstanceAction.Evacuate) { Host = host };
    }

    private static AskedAction Reset(JsonElement value, Problem problem)
    {
        var body = new BodyObject(value, "os-resetState", problem);
        var state = body.Text("state");
        if (state is not ("active" or "error"))
            problem.Note("os-resetState.state", $"Value: {state}. '{state}' is not one of ['active', 'error']");
        body.Close();
        return new AskedAction(InstanceAction.ResetState, state == "active" ? VmState.Active : VmState.Error);
    }
}
