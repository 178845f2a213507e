using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>The operator's commands as programs against the tree of `cells up`: what they write, and how they end.</summary>
[NonParallelizable]
[UnsupportedOSPlatform("windows")]
public sealed class CommandLineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task A_server_is_listed_shown_explained_and_deleted_with_its_progress_told()
    {
        var up = await SharedTree.UpAsync();
        using var cloud = await up.EnterAsync();
        var name = $"cli-{Guid.NewGuid():N}";
        var id = await cloud.CreateAsync(name, await cloud.NewImageAsync(name));
        await cloud.UntilAsync(id, Patience, "ACTIVE");

        var listed = (await up.CellsJsonAsync("server", "list", "--name", name))["servers"]!.AsArray().Single()!;
        var (cell, host) = ((string)listed["cell"]!, (string)listed["host"]!);
        var names = await up.CellsAsync("server", "list", "--cell", cell, "--host", host, "--status", "active", "-o", "name");
        var shown = await up.CellsAsync("server", "show", name, "-o", "yaml");
        var told = await up.CellsAsync("server", "explain", name);
        Assert.Multiple(() =>
        {
            Assert.That((string)listed["server"]!, Is.EqualTo(id));
            Assert.That(names.Out.Split('\n'), Does.Contain(id), names.Said);
            Assert.That(shown.Out, Does.Contain($"name: {name}\n").And.Contain("status: ACTIVE\n").And.Contain($"cell: {cell}\n"), shown.Said);
            Assert.That(told.Out, Does.Contain($"placed on host {host} of cell {cell}"), told.Said);
        });

        var deleted = await up.CellsAsync("server", "delete", name, "--wait");
        Assert.That((deleted.Code, deleted.Out), Is.EqualTo((0, "")), deleted.Said);
        Assert.That(deleted.Error, Does.EndWith($"server {id}: deleted\n"));
        Assert.That((await up.SimAsync()) is var sim && (await sim.AccountAsync()).Domains.Contains(id), Is.False, "nothing of it runs");
        Assert.That((await up.CellsAsync("server", "show", name)).Code, Is.EqualTo(3));
        Assert.That((string)(await up.CellsJsonAsync("server", "show", id))["status"]!, Is.EqualTo("DELETED"), "by its id it is still known");
    }

    [Test]
    public async Task A_server_has_its_day_by_the_verbs_and_each_tells_its_progress_and_its_end()
    {
        var up = await SharedTree.UpAsync();
        using var cloud = await up.EnterAsync();
        var name = $"verbs-{Guid.NewGuid():N}";
        await cloud.NewImageAsync(name);

        var created = await up.CellsAsync("server", "create", name, "--flavor", "m1.tiny", "--image", name, "--network", "default", "--cell", "west-1", "--wait", "-o", "name");
        var id = created.Out.Trim();
        Assert.That(created.Code, Is.Zero, created.Said);
        Assert.That(created.Error, Does.EndWith($"server {id}: active\n"));
        Assert.That((string)(await up.CellsJsonAsync("server", "show", id))["cell"]!, Is.EqualTo("west-1"));
        var days = new[]
        {
            ("stop", "stopped"), ("start", "active"), ("reboot", "active"), ("reboot --hard", "active"), ("pause", "paused"), ("unpause", "active"), ("suspend", "suspended"), ("resume", "active"),
            ("lock", "active"), ("unlock", "active"), ("reset-state --state error", "error"), ("reset-state --state active", "active"),
            ("resize --flavor m1.small", "resized"), ("confirm-resize", "active"), ($"rebuild --image {name}", "active"), ("rescue", "rescued"), ("unrescue", "active"),
        };
        foreach (var (verb, state) in days)
        {
            var ended = await up.CellsAsync(["server", .. verb.Split(' '), name, "--wait"]);
            Assert.That((ended.Code, ended.Out), Is.EqualTo((0, "")), $"{verb}: {ended.Said}");
            Assert.That(ended.Error, Does.EndWith($"server {id}: {state}\n"), verb);
        }

        await AssertEndsAsync(1, "while it is in vm_state active", up.CellsAsync("server", "start", name));
        await AssertEndsAsync(3, "No flavor has the name or id 'huge'", up.CellsAsync("server", "create", "x", "--flavor", "huge", "--image", name));
        await AssertEndsAsync(1, "the create failed: No valid host was found.",
            up.CellsAsync("server", "create", $"{name}-nowhere", "--flavor", "m1.tiny", "--image", name, "--availability-zone", "nova", "--cell", "nowhere", "--wait"));
        var log = (await up.CellsJsonAsync("server", "events", name))["events"]!.AsArray();
        Assert.That(log.Select(e => (string)e!["action"]!), Is.EqualTo(days.Select(d => d.Item1.Split(' ')[0].Replace("reset-state", "resetState", StringComparison.Ordinal).Replace("confirm-resize", "confirmResize", StringComparison.Ordinal)).Prepend("create").Reverse()));
        Assert.That(log.Select(e => (string)e!["result"]!), Is.All.EqualTo("done"));

        Assert.That((await up.CellsAsync("server", "delete", name, "--wait")).Code, Is.Zero);
        await AssertEndsAsync(3, "could not be found", up.CellsAsync("server", "stop", id));
        Assert.That((await up.CellsAsync("server", "delete", $"{name}-nowhere", "--wait")).Code, Is.Zero);
    }

    [Test]
    public async Task Every_noun_lists_and_shows_what_the_tree_has()
    {
        var up = await SharedTree.UpAsync();

        var cells = (await up.CellsJsonAsync("cell", "list"))["cells"]!.AsArray().Select(c => (string)c!["path"]!);
        var hosts = (await up.CellsAsync("host", "list", "--cell", "east-1", "-o", "name")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var host = await up.CellsJsonAsync("host", "show", hosts[0]);
        var pool = await up.CellsJsonAsync("pool", "show", (string)host["pool"]!);
        var link = await up.CellsJsonAsync("link", "show", "east");
        var cell = await up.CellsAsync("cell", "show", "east-1");
        Assert.Multiple(() =>
        {
            Assert.That(cells, Is.EquivalentTo(new[]
            {
                "global", "global.east", "global.east.east-1", "global.east.east-2", "global.west", "global.west.west-1", "global.west.west-2",
            }));
            Assert.That(hosts, Has.Length.EqualTo(8).And.All.StartsWith("east-1-h"));
            Assert.That(((string)host["cell"]!, (string)host["status"]!, (bool)host["silent"]!), Is.EqualTo(("east-1", "up", false)));
            Assert.That(pool["members"]!.AsArray().Select(m => (string)m!), Is.EqualTo(new[] { hosts[0] }));
            Assert.That((string)link["health"]!, Is.EqualTo("up"));
            Assert.That(cell.Out, Does.Match(@"(?m)^path +global\.east\.east-1$"));
        });
        foreach (var words in new[] { "pool list", "task list", "tasks", "drift", "link list", "link parked list", "hosts", "tree" })
            Assert.That((await up.CellsAsync(words.Split(' '))).Code, Is.Zero, words);
    }

    [Test]
    public async Task What_is_not_there_ends_with_3_nobody_with_4_and_a_refusal_with_1()
    {
        var up = await SharedTree.UpAsync();

        await AssertEndsAsync(3, "No host 'nowhere' is known here", up.CellsAsync("host", "show", "nowhere"));
        await AssertEndsAsync(3, "No cell 'nowhere' is known here", up.CellsAsync("cell", "show", "nowhere"));
        await AssertEndsAsync(3, "No server has the name or id 'nowhere'", up.CellsAsync("server", "delete", "nowhere"));
        await AssertEndsAsync(3, "could not be found", up.CellsAsync("server", "delete", $"{Guid.NewGuid()}"));
        await AssertEndsAsync(1, "status 'odd' is none of", up.CellsAsync("hosts", "--status", "odd"));
        await AssertEndsAsync(1, "nowhere", up.CellsAsync("link", "parked", "retry", "nowhere", "key"));
        await AssertEndsAsync(4, "Nobody answers at http://127.0.0.1:1/identity/v3", up.CellsAsync("tree", "--url", "http://127.0.0.1:1"));
        await AssertEndsAsync(1, "--data /nowhere/at/all: there is no such directory", CellsUp.RunCellsAsync("hosts", "--data", "/nowhere/at/all"));
    }

    [Test]
    public async Task Events_are_told_as_they_come_and_a_stream_is_taken_up_where_it_was()
    {
        var up = await SharedTree.UpAsync();
        using var cloud = await up.EnterAsync();
        var name = $"followed-{Guid.NewGuid():N}";
        var image = await cloud.NewImageAsync(name);
        using var limit = new CancellationTokenSource(Patience);
        await using var stream = cloud.FollowAsync("/events?kind=instance", limit.Token).GetAsyncEnumerator(limit.Token);
        var next = stream.MoveNextAsync();                                            // asked before anything happens

        var id = await cloud.CreateAsync(name, image);
        var last = "";
        for (; ; next = stream.MoveNextAsync())
        {
            Assert.That(await next, Is.True, "the stream goes on");
            var told = JsonNode.Parse(stream.Current.Data)!;
            last = stream.Current.EventId!;
            if ((string)told["id"]! == id && (string)told["text"]! is var text && text.StartsWith("active, on ", StringComparison.Ordinal))
                break;
        }
        await cloud.DeleteAsync(id);
        await Eventually.SeeAsync("the server is gone", Patience, async () => (string)(await up.CellsJsonAsync("server", "show", id))["status"]!, s => s == "DELETED");

        var resumed = await up.CellsAsync("events", "--since", last, "--server", id, "-o", "json");
        Assert.That(resumed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => (string)JsonNode.Parse(l)!["state"]!), Is.EqualTo(new[] { "deleted" }), resumed.Said);
        Assert.That((await up.CellsAsync("events", "--since", "0", "--kind", "host", "-o", "name")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(32));
        await AssertEndsAsync(1, "has not happened here", up.CellsAsync("events", "--since", "999999999"));
    }

    [Test]
    public async Task The_doctor_finds_a_tree_well_and_names_a_key_that_others_can_read()
    {
        var up = await SharedTree.UpAsync();

        var well = await up.CellsJsonAsync("doctor");
        Assert.That(well["findings"]!.AsArray().Where(f => (string)f!["level"]! == "error").Select(f => (string)f!["text"]!), Is.Empty);
        Assert.That(well["findings"]!.AsArray().Select(f => (string)f!["check"]!), Is.SupersetOf(new[] { "door", "clock", "database", "cells", "hosts", "pools", "links", "disk", "keys", "directory" }));

        var openrc = Path.Combine(up.Data, "openrc");
        File.SetUnixFileMode(openrc, File.GetUnixFileMode(openrc) | UnixFileMode.OtherRead);
        try
        {
            var sick = await up.CellsAsync("doctor");
            Assert.That(sick.Code, Is.EqualTo(1), sick.Said);
            Assert.That(sick.Out, Does.Contain("openrc can be read by others than its owner"));
        }
        finally
        {
            File.SetUnixFileMode(openrc, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        var away = await up.CellsAsync("doctor", "--url", "http://127.0.0.1:1");
        Assert.That(away.Code, Is.EqualTo(1), away.Said);
        Assert.That(away.Out, Does.Contain("Nobody answers at http://127.0.0.1:1"));
    }

    [Test]
    public async Task Bash_completes_commands_options_and_values()
    {
        var script = (await CellsUp.RunCellsAsync("completion", "bash")).Out;

        Assert.That(await CompleteAsync(script, "cells", "server", "de"), Is.EqualTo("delete"));
        Assert.That(await CompleteAsync(script, "cells", "link", "parked", ""), Does.StartWith("drop list retry"));
        Assert.That(await CompleteAsync(script, "cells", "hosts", "--st"), Is.EqualTo("--status"));
        Assert.That(await CompleteAsync(script, "cells", "server", "list", "-o", "j"), Is.EqualTo("json"));
        Assert.That(await CompleteAsync(script, "cells", "tr"), Is.EqualTo("tree"));
    }

    /// <summary>What bash offers for the last word.</summary>
    private static async Task<string> CompleteAsync(string script, params string[] words)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync($"{script}\nCOMP_WORDS=({string.Join(' ', words.Select(w => $"'{w}'"))}); COMP_CWORD={words.Length - 1}; _cells; echo \"${{COMPREPLY[*]}}\"\n");
        bash.StandardInput.Close();
        var said = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return said.Trim();
    }

    private static async Task AssertEndsAsync(int code, string expected, Task<Ended> ending)
    {
        var ended = await ending;
        Assert.That((ended.Code, ended.Out), Is.EqualTo((code, "")), ended.Said);
        Assert.That(ended.Error, Does.Contain(expected));
    }
}
