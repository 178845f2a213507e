using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using Cells.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Bus;

/// <summary>A node of our own: found again, started again, and gone without a trace.</summary>
public sealed class PrivateBrokerTests
{
    private string _parent = "";
    private PrivateBroker? _node;

    private string Place => Path.Combine(_parent, "rabbitmq");

    [SetUp]
    public void MakeDirectory()
    {
        TestBroker.RequireRabbitMq();
        _parent = TestCluster.NewDirectory();
    }

    [TearDown]
    public async Task RemoveDirectoryAsync()
    {
        if (_node is not null)
            await _node.RemoveAsync(CancellationToken.None);
        Directory.Delete(_parent, recursive: true);
    }

    [Test]
    public async Task A_node_left_running_is_taken_over_on_its_ports_and_ended_with_its_port_mapper()
    {
        var left = _node = await TestBroker.StartAsync(Place);
        var processes = ProcessesOf(Place);
        Assert.That(processes, Has.Count.EqualTo(2), "the node and its own port mapper");

        _node = await TestBroker.StartAsync(Place);

        Assert.That((_node.TakenOver, _node.ProcessId, _node.Port), Is.EqualTo((true, left.ProcessId, left.Port)));
        await BrokerCheck.EnterAsync(TestBroker.OwnUrl(_node.Url, TestBroker.Cells[0]), CancellationToken.None);

        await _node.StopAsync(CancellationToken.None);

        Assert.That(processes.Where(process => process.IsAlive), Is.Empty);
        Assert.That(_node.IsRunning, Is.False);
    }

    [Test]
    public async Task A_node_left_running_with_other_cells_is_restarted_with_the_wanted_ones()
    {
        var left = _node = await TestBroker.StartAsync(Place);
        var south = CellName.Parse("south");
        var definitions = BrokerDefinitions.Of([new CellAccounts(south, "s", [])]);

        _node = await PrivateBroker.StartAsync(new PrivateBrokerOptions(Place, definitions), TimeProvider.System, NullLogger.Instance, CancellationToken.None);

        Assert.That((_node.TakenOver, left.IsRunning), Is.EqualTo((false, false)));
        await BrokerCheck.EnterAsync(BrokerNames.Url(_node.Url, south, "south", "s"), CancellationToken.None);
    }

    [Test]
    public async Task A_killed_node_is_down_and_comes_back_on_its_port()
    {
        _node = await TestBroker.StartAsync(Place);
        var (port, url) = (_node.Port, TestBroker.OwnUrl(_node.Url, TestBroker.Cells[0]));

        await _node.KillAsync(CancellationToken.None);

        Assert.That(_node.IsRunning, Is.False);
        Assert.ThrowsAsync<CellsException>(() => BrokerCheck.EnterAsync(url, CancellationToken.None));

        await _node.RestartAsync(CancellationToken.None);

        Assert.That(_node.Port, Is.EqualTo(port));
        await BrokerCheck.EnterAsync(url, CancellationToken.None);
    }

    [Test]
    public async Task Nobody_else_may_enter_its_directory()
    {
        _node = await TestBroker.StartAsync(Place);

        Assert.That(new DirectoryInfo(Place).UnixFileMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public async Task A_directory_with_something_else_in_it_is_refused()
    {
        Directory.CreateDirectory(Place);
        await File.WriteAllTextAsync(Path.Combine(Place, "mine"), "");

        var refused = Assert.ThrowsAsync<CellsException>(() => TestBroker.StartAsync(Place));

        Assert.That(refused.Message, Does.Contain(Place).And.Contain("Choose a new or empty directory"));
        Assert.ThrowsAsync<CellsException>(() => PrivateBroker.RemoveLeftAsync(Place, TimeProvider.System, CancellationToken.None));
        Assert.That(File.Exists(Path.Combine(Place, "mine")), Is.True);
    }

    private static List<ProcessIdentity> ProcessesOf(string directory) =>
        [.. new[] { "node.pid", "epmd.pid" }.Select(file => ProcessIdentity.Find(int.Parse(File.ReadAllText(Path.Combine(directory, file)).Trim(), null))).OfType<ProcessIdentity>()];
}
