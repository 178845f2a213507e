using System.Text;
using System.Text.Json;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using NUnit.Framework;

namespace Cells.UnitTests.Contracts;

/// <summary>
/// Each message that travels, as it was approved: a neighbour of the former version reads these bytes. Set CELLS_APPROVE=1 to write the samples
/// anew, and look at what changed: members may be added, never renamed, removed or reused.
/// </summary>
public sealed class WireSamplesTests
{
    private static readonly CellName East1 = CellName.Parse("east-1");
    private static readonly InstanceId Instance = new(Guid.Parse("00000000-0000-4000-8000-000000000001"));
    private static readonly HostId Host = new(Guid.Parse("00000000-0000-4000-8000-000000000002"));
    private static readonly SrId Sr = new(Guid.Parse("00000000-0000-4000-8000-000000000003"));
    private static readonly ImageId Image = new(Guid.Parse("00000000-0000-4000-8000-000000000004"));
    private static readonly ProjectId Project = new(Guid.Parse("00000000-0000-4000-8000-000000000005"));
    private static readonly UserId User = new(Guid.Parse("00000000-0000-4000-8000-000000000006"));
    private static readonly Guid Question = Guid.Parse("00000000-0000-4000-8000-000000000008");
    private static readonly PortId Port = new(Guid.Parse("00000000-0000-4000-8000-000000000007"));
    private static readonly Explanation Why = new(
        East1, "host", "h1", 8, [new FilterCount("resources", 2, ["h2: needs 8192 MiB, has 6100 MiB"])],
        [new CandidateScore("h1", 1, [new WeigherScore("pack", 1, -0.5)])], ["west"], "one more host");

    private static readonly object[] Messages =
    [
        new BuildInstance(
            Instance, 1, 1, 0, Project, User, "req-1", "web", new Flavor("1", "m1.tiny", 1, 512, 1), new ImageSpec(Image, 1_234_567, "00ff", "raw"),
            new PlacementHints("nova", East1, [CellName.Parse("west-1")]) { Group = new GroupHint(Guid.Parse("00000000-0000-4000-8000-000000000007"), GroupPolicy.Affinity, 1) { Cell = East1 } }, [new Nic(Port, "management", "fa:00:11:22:33:44", ["10.0.0.5"])]),
        new InstancePlaced(Instance, 1, 1, East1, Host, "h1", [Why], [new Refusal(East1, "build_failed", "Host h0, attempt 1: the start was refused", null)]),
        new PlacementFailed(Instance, 1, 1, 7, [new Refusal(East1, "no_valid_host", "none of 8 hosts fits", Why)]),
        new DeleteInstance(Instance, 1, 2, Project, "req-2"),
        new InstanceDeleted(Instance, 1, 2, 9),
        new ActOnInstance(
            Instance, 1, 3, Project, User, "req-3", InstanceAction.RebootHard, VmState.Active, new ImageSpec(Image, 1_234_567, "00ff", "raw")) { Snapshot = Image },
        new InstanceActed(
            Instance, 1, 3, ActionOutcome.Failed, "Host h1: no", "h1", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero)),
        new AskInstance(Instance, 1, Question, InstanceQuestion.ConsoleLog, 20),
        new InstanceTold(
            Instance, 1, Question, ToldOutcome.Told, "none", "login: ", new InstanceDiagnostics("running", 60, 2, 1, ["fa:00:11:22:33:44"], 512, 500, "XenServer 8.4.0")),
        new AskCell(East1, Guid.Parse("00000000-0000-4000-8000-000000000008"), CellQuestion.DropParked, [CellName.Parse("global"), CellName.Parse("east")], CellName.Parse("east"), "k", 2, 7),
        new CellTold(
            East1, Guid.Parse("00000000-0000-4000-8000-000000000008"), [CellName.Parse("global"), CellName.Parse("east")], "no such link",
            [new ParkedWork(CellName.Parse("east"), "k", 2, 7, "instance.delete.v1", "the disk is gone", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))]),
        new RequestImageTicket(Image, East1) { ToWrite = true },
        new ImageTicket(Image, East1, "http://127.0.0.1/x", "ticket", "no such image") { ToWrite = true, Stored = true },
        new ConfigureHost(
            Host, East1, 4, true, "new memory", false, "zone-a", [new HostAggregate("fast", new SortedDictionary<string, string> { ["ssd"] = "true" })])
        {
            Fence = new FenceWord(Guid.Parse("00000000-0000-4000-8000-000000000008"), "admin", "power off, looked at", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)),
        },
        new CellNews(
            East1, CellKind.Compute,
            new CapacitySummary(3, [new HostGroup("default", "nova", [Sr], [new FreeVector(4, 2048, 1 << 30, 2)], ["management", "storage"])], [new SharedSr(Sr, 1 << 30)]),
            [new ReachedCell(East1, null, CellKind.Compute, 8, 7, 20, Silent: true)]),
    ];

    private static IEnumerable<string> Names => WireMessages.Names;

    [TestCaseSource(nameof(Names))]
    public void A_message_has_its_approved_bytes(string name)
    {
        var message = Messages.SingleOrDefault(m => WireMessages.NameOf(m) == name);
        Assert.That(message, Is.Not.Null, $"'{name}' has no sample: give it one here");
        var file = Path.Combine(Repository.Root, "tests", "Cells.UnitTests", "Contracts", "Samples", name + ".approved.json");
        var bytes = Encoding.UTF8.GetString(WireMessages.ToBytes(message!));
        if (Environment.GetEnvironmentVariable("CELLS_APPROVE") == "1")
            File.WriteAllText(file, bytes + "\n");

        Assert.That(bytes, Is.EqualTo(File.ReadAllText(file).TrimEnd('\n')), $"{name} differs from {file}");
    }

    [TestCaseSource(nameof(Names))]
    public void A_message_read_back_is_the_same_and_unknown_members_are_ignored(string name)
    {
        var bytes = WireMessages.ToBytes(Messages.Single(m => WireMessages.NameOf(m) == name));
        var later = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes)[..^1] + ",\"of_a_later_version\":{\"a\":1}}");

        Assert.That(WireMessages.TryRead(name, bytes, out var same), Is.True);
        Assert.That(WireMessages.TryRead(name, later, out var old), Is.True);

        Assert.That(WireMessages.ToBytes(same!), Is.EqualTo(bytes));
        Assert.That(WireMessages.ToBytes(old!), Is.EqualTo(bytes));
    }

    [Test]
    public void An_unknown_name_is_told_and_broken_bytes_are_an_error()
    {
        Assert.That(WireMessages.TryRead("instance.teleport.v1", "{}"u8, out _), Is.False);
        Assert.Throws<JsonException>(() => WireMessages.TryRead("instance.delete.v1", "{\"instance\":"u8, out _));
    }
}
