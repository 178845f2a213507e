using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells server create`: what POST /servers takes, by names.</summary>
internal sealed class ServerCreate
{
    private readonly Argument<string> _name = new("name") { Description = "Name of the new server." };
    private readonly Option<string> _flavor = new("--flavor") { Description = "Name or id of the flavor.", Required = true };
    private readonly Option<string> _image = new("--image") { Description = "Name or id of the image.", Required = true };
    private readonly Option<string[]> _networks = new("--network") { Description = "Name or id of a network; may be said several times.", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _key = new("--key-name") { Description = "Name of a key pair." };
    private readonly Option<string?> _zone = new("--availability-zone") { Description = "Only on hosts of this zone." };
    private readonly Option<string?> _group = new("--group") { Description = "Id of a server group." };
    private readonly Option<string?> _cell = new("--cell") { Description = "Only in this compute cell, or below this routing cell." };
    private readonly WaitOptions _wait = new();

    public Command Create() => AdminCommand.Of(
        "create", "Create a server in your project, and show it.", RunAsync,
        _name, _flavor, _image, _networks, _key, _zone, _group, _cell, _wait.Wait, _wait.Patience);

    private async Task<ExitCode> RunAsync(Asked asked, CancellationToken stop)
    {
        var accepted = await asked.SendAsync(HttpMethod.Post, "compute", "/servers", await BodyAsync(asked, stop), stop);
        var id = (string)accepted.Body!["server"]!["id"]!;
        var end = ExitCode.Done;
        if (_wait.Of(asked.Words) is { } patience)
            end = await ServerCommand.Waiting(asked).UntilCreatedAsync(id, patience, stop);
        Written.One(asked.Console, asked.Form, row => AdminCommand.Text(row, "server"), await asked.GetAsync($"/servers/{id}", stop));
        return end;
    }

    private async Task<JsonObject> BodyAsync(Asked asked, CancellationToken stop)
    {
        var words = asked.Words;
        var server = new JsonObject
        {
            ["name"] = words.GetValue(_name),
            ["flavorRef"] = await FlavorAsync(asked, words.GetValue(_flavor)!, stop),
            ["imageRef"] = await ImageAsync(asked, words.GetValue(_image)!, stop),
        };
        var networks = new JsonArray();
        foreach (var network in words.GetValue(_networks)!)
            networks.Add(new JsonObject { ["uuid"] = await NamedAsync(asked, "network", "network", "/v2.0/networks", "networks", network, stop) });
        if (networks.Count > 0)
            server["networks"] = networks;
        if (words.GetValue(_key) is { } key)
            server["key_name"] = key;
        if (words.GetValue(_zone) is { } zone)
            server["availability_zone"] = zone;
        var hints = new JsonObject();
        if (words.GetValue(_group) is { } group)
            hints["group"] = group;
        if (words.GetValue(_cell) is { } cell)
            hints["target_cell"] = cell;
        return hints.Count > 0 ? new JsonObject { ["server"] = server, ["os:scheduler_hints"] = hints } : new JsonObject { ["server"] = server };
    }

    internal static Task<string> FlavorAsync(Asked asked, string word, CancellationToken stop) =>
        NamedAsync(asked, "flavor", "compute", "/flavors/detail?is_public=None", "flavors", word, stop);

    internal static Task<string> ImageAsync(Asked asked, string word, CancellationToken stop) =>
        NamedAsync(asked, "image", "image", "/v2/images?limit=1000", "images", word, stop);

    /// <returns>The id of the thing that has this name or id.</returns>
    private static async Task<string> NamedAsync(Asked asked, string what, string service, string path, string list, string word, CancellationToken stop)
    {
        var all = (await asked.Cloud.GetAsync(service, path, stop))[list]!.AsArray();
        var found = all.Where(t => (string?)t!["id"] == word).Concat(all.Where(t => (string?)t!["name"] == word && (string?)t["id"] != word)).Select(t => (string)t!["id"]!).ToList();
        return found switch
        {
            [] => throw new CommandFailed(ExitCode.NotFound, $"No {what} has the name or id '{word}'. `openstack {what} list` shows those that there are."),
            [var id] => id,
            _ when found[0] == word => word,
            _ => throw new CellsException($"{found.Count} {what}s are named '{word}'; name one by its id: {string.Join(", ", found)}."),
        };
    }
}
