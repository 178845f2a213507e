using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.IntegrationTests.EndToEnd;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What a compute cell says of an instance when it is asked, over simulated hosts: each answer is what the host shows at that moment.</summary>
public sealed class QuestionTests
{
    private ComputeWorld? _running;
    private BuildInstance _server = null!;
    private InstanceRow _row = null!;

    private ComputeWorld World => _running!;

    [SetUp]
    public async Task StartWorld()
    {
        _running = await ComputeWorld.StartAsync(hosts: 1);
        _server = World.NewBuild() with { Nics = [new Nic(new PortId(Guid.NewGuid()), "management", "fa:16:3e:00:00:01", [])] };
        _row = await World.BuildAsync(_server);
    }

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task The_console_log_is_what_the_guest_wrote_in_its_domain()
    {
        var vm = World.Fleet.Account().SelectMany(h => h.Domains).Single(d => d.OtherConfig.ContainsKey("cells-instance"));

        var all = await AskAsync(InstanceQuestion.ConsoleLog);
        var last = await AskAsync(InstanceQuestion.ConsoleLog, lines: 1);

        Assert.That((all.Outcome, all.Reason), Is.EqualTo((ToldOutcome.Told, (string?)null)));
        Assert.That(all.Console, Does.Contain($"{vm.VmUuid} in domain {vm.Domid}").And.Contain("fa:16:3e:00:00:01").And.EndWith("login: "));
        Assert.That(last.Console, Is.EqualTo("login: "));
    }

    [Test]
    public async Task Diagnostics_are_what_the_host_s_records_show()
    {
        var told = await AskAsync(InstanceQuestion.Diagnostics);

        Assert.That(told.Outcome, Is.EqualTo(ToldOutcome.Told), told.Reason);
        Assert.That(told.Diagnostics, Has.Property("PowerState").EqualTo("running").And.Property("Vcpus").EqualTo(1).And.Property("Disks").EqualTo(1)
            .And.Property("MemoryMaximumMib").EqualTo(512).And.Property("MemoryUsedMib").EqualTo(512));
        Assert.That(told.Diagnostics!.Macs, Is.EqualTo(new[] { "fa:16:3e:00:00:01" }));
        Assert.That(told.Diagnostics.Uptime, Is.InRange(0, 600));
        Assert.That(told.Diagnostics.HypervisorOs, Is.Not.Empty);
    }

    [Test]
    public async Task A_stopped_guest_has_no_console_and_no_diagnostics()
    {
        await World.ParentCell.SendAsync(new ActOnInstance(_server.Instance, 1, 2, _server.Project, _server.User, "req-2", InstanceAction.Stop));
        await World.ParentCell.RowAsync(_server.Instance, r => r.VmState == VmState.Stopped);

        Assert.That((await AskAsync(InstanceQuestion.ConsoleLog)).Outcome, Is.EqualTo(ToldOutcome.NoConsole));
        var diagnostics = await AskAsync(InstanceQuestion.Diagnostics);
        Assert.That((diagnostics.Outcome, diagnostics.Reason), Is.EqualTo((ToldOutcome.NotRunning, "shutdown")));
    }

    [TestCase("XENAPI_MISSING_PLUGIN", "console.py", ToldOutcome.NotSupported, "has no plugin console.py")]
    [TestCase("XENAPI_PLUGIN_FAILURE", "get_console_log", ToldOutcome.NoConsole, "found no log")]
    [TestCase("HOST_OFFLINE", "x", ToldOutcome.Away, "HOST_OFFLINE")]
    public async Task A_host_that_cannot_tell_says_why(string code, string parameter, ToldOutcome outcome, string reason)
    {
        World.Fleet.Inject(new SimFault.OnCall("host.call_plugin", FaultKind.Fail, code, [parameter]), "host-1");

        var told = await AskAsync(InstanceQuestion.ConsoleLog);

        Assert.That(told.Outcome, Is.EqualTo(outcome), told.Reason);
        Assert.That(told.Reason, Does.Contain(reason));
    }

    [Test]
    public async Task What_the_cell_does_not_hold_is_not_ready()
    {
        var stranger = new AskInstance(new InstanceId(Guid.NewGuid()), 1, Guid.NewGuid(), InstanceQuestion.ConsoleLog);
        var told = World.ParentCell.ToldAsync(stranger.Question);
        await World.ParentCell.SendAsync("question", stranger);

        Assert.That((await told).Outcome, Is.EqualTo(ToldOutcome.NotReady));
        Assert.That((await AskAsync(InstanceQuestion.Diagnostics, epoch: _row.Epoch + 1)).Outcome, Is.EqualTo(ToldOutcome.NotReady));
    }

    [Test]
    public async Task A_compute_cell_tells_of_work_that_it_could_not_handle_and_forgets_it_when_it_is_told_to()
    {
        var (cell, parent) = (_row.Cell, CellName.Parse("global"));
        AskCell Ask(CellQuestion about) => new(cell, Guid.NewGuid(), about, [parent]);
        await World.ParentCell.SendAsync("odd", new ImageTicket(new ImageId(Guid.NewGuid()), CellName.Parse("elsewhere"), "", "", null));

        // Its link tells nobody that it has parked a message.
        var told = await Eventually.SeeAsync(
            "the message is parked", TimeSpan.FromSeconds(20), () => World.ParentCell.AskAsync(Ask(CellQuestion.ListParked)), t => t.Parked is { Count: > 0 });
        var parked = told.Parked!.Single();
        var refused = await World.ParentCell.AskAsync(Ask(CellQuestion.RetryParked) with { Link = CellName.Parse("nobody"), Key = "odd" });
        var dropped = await World.ParentCell.AskAsync(Ask(CellQuestion.DropParked) with { Link = parked.Link, Incarnation = parked.Incarnation, Number = parked.Number });
        var after = await World.ParentCell.AskAsync(Ask(CellQuestion.ListParked));

        Assert.That((told.Cell, told.Problem, parked.Key, parked.Name), Is.EqualTo((cell, (string?)null, "odd", "image.ticket.v1")));
        Assert.That(parked.Reason, Does.Contain("elsewhere"));
        Assert.That(refused.Problem, Does.Contain("has no link to 'nobody'"));
        Assert.That((dropped.Problem, after.Parked), Is.EqualTo(((string?)null, Array.Empty<ParkedWork>())));
    }

    private async Task<InstanceTold> AskAsync(InstanceQuestion about, int? lines = null, long epoch = 1)
    {
        var question = new AskInstance(_server.Instance, epoch, Guid.NewGuid(), about, lines);
        var told = World.ParentCell.ToldAsync(question.Question);
        await World.ParentCell.SendAsync("question", question);
        return await told;
    }
}
