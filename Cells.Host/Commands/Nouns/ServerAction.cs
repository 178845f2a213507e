using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>A verb of `cells server` that asks the compute API for one action (Nova API 2.1, POST /servers/{id}/action).</summary>
/// <param name="Verb">As it is typed.</param>
/// <param name="Body">What is sent, made from the words.</param>
internal sealed record ServerAction(string Verb, string Description, Func<Asked, CancellationToken, Task<JsonObject>> Body, params Option[] Options)
{
    /// <summary>What the door serves; a new one is a line here.</summary>
    public static IReadOnlyList<ServerAction> All() =>
    [
        Plain("start", "Start a server that is shut off.", "os-start"),
        Plain("stop", "Ask the guest to shut down; after its time the power goes off.", "os-stop"),
        Reboot(),
        Plain("pause", "Stop a server's CPUs; its memory stays.", "pause"),
        Plain("unpause", "Let a paused server go on.", "unpause"),
        Plain("suspend", "Write a server's memory to disk and free the host's.", "suspend"),
        Plain("resume", "Let a suspended server go on.", "resume"),
        Plain("lock", "Refuse its owner's changes of a server until it is unlocked.", "lock"),
        Plain("unlock", "Allow changes of a server again.", "unlock"),
        ResetState(),
        Rebuild(),
        Rescue(),
        Plain("unrescue", "Start a rescued server from its own disk again.", "unrescue"),
        Resize(),
        Plain("confirm-resize", "Keep what a resize or migration made of a server.", "confirmResize"),
        Plain("revert-resize", "Give a server back what it was before its resize or migration.", "revertResize"),
        Plain("migrate", "Move a server to another host of its pool, shut down meanwhile.", "migrate"),
        LiveMigrate(),
    ];

    public Command Create()
    {
        var (server, wait) = (ServerCommand.Which(), new WaitOptions());
        return AdminCommand.Of(
            Verb, Description,
            async (asked, stop) =>
            {
                var id = await ServerCommand.FindAsync(asked, server, stop);
                var accepted = await asked.SendAsync(HttpMethod.Post, "compute", $"/servers/{id}/action", await Body(asked, stop), stop);
                if (wait.Of(asked.Words) is { } patience)
                    return await ServerCommand.Waiting(asked).UntilActedAsync(id, $"the {Verb}", accepted.RequestId!, patience, stop);
                Console.Error.WriteLine($"server {id}: the {Verb} is accepted; `cells server events {id}` tells how it ends");
                return ExitCode.Done;
            },
            [server, wait.Wait, wait.Patience, .. Options]);
    }

    /// <summary>One that takes no words.</summary>
    /// <param name="name">As the compute API calls it.</param>
    private static ServerAction Plain(string verb, string description, string name) => Of(verb, description, _ => new JsonObject { [name] = null });

    private static ServerAction Of(string verb, string description, Func<ParseResult, JsonObject> body, params Option[] options) =>
        new(verb, description, (asked, _) => Task.FromResult(body(asked.Words)), options);

    private static ServerAction ResetState()
    {
        var state = new Option<string>("--state") { Description = "active or error.", Required = true }.AcceptOnlyFromAmong("active", "error");
        return Of(
            "reset-state", "Say what a server's state is; what its host shows corrects it.",
            words => new JsonObject { ["os-resetState"] = new JsonObject { ["state"] = words.GetValue(state) } }, state);
    }

    private static ServerAction Rebuild()
    {
        var image = new Option<string>("--image") { Description = "Name or id of the image.", Required = true };
        return new(
            "rebuild", "Give a server a new disk of an image; name, host, interfaces and addresses stay.",
            async (asked, stop) => new JsonObject { ["rebuild"] = new JsonObject { ["imageRef"] = await ServerCreate.ImageAsync(asked, asked.Words.GetValue(image)!, stop) } }, image);
    }

    private static ServerAction Rescue()
    {
        var image = new Option<string?>("--image") { Description = "Name or id of the image to rescue with; without it the server's own." };
        return new(
            "rescue", "Start a server from a rescue disk, its own beside it.",
            async (asked, stop) => new JsonObject
            {
                ["rescue"] = asked.Words.GetValue(image) is { } word ? new JsonObject { ["rescue_image_ref"] = await ServerCreate.ImageAsync(asked, word, stop) } : null,
            },
            image);
    }

    private static ServerAction Resize()
    {
        var flavor = new Option<string>("--flavor") { Description = "Name or id of the new flavor.", Required = true };
        return new(
            "resize", "Give a server another flavor; then it is confirmed or reverted.",
            async (asked, stop) => new JsonObject { ["resize"] = new JsonObject { ["flavorRef"] = await ServerCreate.FlavorAsync(asked, asked.Words.GetValue(flavor)!, stop) } }, flavor);
    }

    private static ServerAction LiveMigrate()
    {
        var host = new Option<string?>("--host") { Description = "Name of the host; without it the scheduler chooses." };
        return Of(
            "live-migrate", "Move a running server to another host of its pool.",
            words => new JsonObject { ["os-migrateLive"] = new JsonObject { ["host"] = words.GetValue(host), ["block_migration"] = false, ["disk_over_commit"] = false } }, host);
    }

    private static ServerAction Reboot()
    {
        var hard = new Option<bool>("--hard") { Description = "Do not ask the guest." };
        return Of(
            "reboot", "Ask the guest to reboot; after its time, or with --hard at once, without it.",
            words => new JsonObject { ["reboot"] = new JsonObject { ["type"] = words.GetValue(hard) ? "HARD" : "SOFT" } }, hard);
    }
}
