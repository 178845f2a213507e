using System.Text.Json.Nodes;
using Cells.Host.Commands.Nouns;
using NUnit.Framework;

namespace Cells.UnitTests.Host.Commands;

/// <summary>What `--wait` makes of what it sees, and what `cells server events` shows of a log.</summary>
public sealed class ServerWaitTests
{
    [TestCase("""{"task_state": "powering-off", "vm_state": "active", "step": "power-off 2/3", "silent": false}""", "powering-off, step power-off, 2 of 3, 33 %")]
    [TestCase("""{"task_state": "spawning", "vm_state": "building", "step": "undo clone-disk 2/8", "silent": false}""", "spawning, undoing step clone-disk, 2 of 8, 25 %")]
    [TestCase("""{"task_state": null, "vm_state": "active", "step": null, "silent": false}""", "active")]
    [TestCase("""{"task_state": "deleting", "vm_state": "active", "step": "of another version", "silent": true, "cell": "east-1"}""",
        "deleting, step of another version, its cell east-1 is silent")]
    [TestCase("""{"task_state": "scheduling", "vm_state": "building", "step": null, "silent": true, "cell": null, "asked": "east"}""", "scheduling, its cell east is silent")]
    public void Progress_is_told_in_one_line(string server, string expected) => Assert.That(ServerWait.Progress(JsonNode.Parse(server)!), Is.EqualTo(expected));

    private static readonly TestCaseData[] Logs =
    [
        new("""{"events": [{"finish_time": null, "result": null}]}""", null, "under way"),
        new("""{"events": [{"finish_time": "2026-01-01T00:00:00", "result": "Success", "traceback": null}]}""", new WaitEnd(true, null), "done"),
        new("""{"events": [{"finish_time": "2026-01-01T00:00:00", "result": "Error", "traceback": "the host said no"}]}""", new WaitEnd(false, "the host said no"), "failed"),
        new("""{"events": []}""", new WaitEnd(true, null), "done"),
    ];

    [TestCaseSource(nameof(Logs))]
    public void An_action_ends_when_its_log_says_so_and_one_that_no_cell_does_when_it_is_accepted(string logged, object? end, string shown)
    {
        Assert.That(ServerWait.EndOf(JsonNode.Parse(logged)), Is.EqualTo(end));
        Assert.That((string?)ServerEvents.Row(JsonNode.Parse(logged)!)["result"], Is.EqualTo(shown));
    }

    [Test]
    public void A_server_that_is_gone_has_no_log_any_more() => Assert.That(ServerWait.EndOf(null), Is.EqualTo(new WaitEnd(false, "the server was deleted meanwhile")));
}
