using System.Globalization;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using Cells.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>`cells up --bus rabbitmq`: the same tree, with every message through a private node.</summary>
public sealed class RabbitMqTreeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private string _data = "";

    [SetUp]
    public async Task MakeTopologyAsync()
    {
        TestBroker.RequireRabbitMq();
        _data = TestCluster.NewDirectory();
        await File.WriteAllTextAsync(Topology, """
            cells:
              - { name: global, kind: api }
              - { name: east, kind: routing, parent: global }
              - { name: east-1, kind: compute, parent: east, simulated_hosts: 2 }
            """);
    }

    [TearDown]
    public Task RemoveAsync() => CellsUp.RemoveAsync(_data);

    private string Topology => Path.Combine(_data, "topology.yaml");

    [Test]
    public async Task A_server_lives_through_the_death_of_up_and_the_next_up_takes_the_node_over()
    {
        await using var up = await StartAsync();
        Assert.That(up.Said, Does.Contain("started a private RabbitMQ"));
        string server;
        using (var cloud = await up.EnterAsync())
        {
            server = await cloud.CreateAsync("one", await cloud.NewImageAsync("image"));
            await cloud.UntilAsync(server, Patience, "ACTIVE");
        }

        await up.KillAsync();
        await using var next = await StartAsync();

        Assert.That(next.Said, Does.Contain("took over the running RabbitMQ"));
        using (var cloud = await next.EnterAsync())
        {
            Assert.That((await cloud.UntilAsync(server, Patience, "ACTIVE")).Name, Is.EqualTo("one"));
            await cloud.DeleteAllAsync(Patience);
        }
        Assert.That((await (await next.SimAsync()).AccountAsync()).Domains, Is.Empty);

        Assert.That(await next.EndAsync(), Is.Zero, next.Said);

        // An ended one may stand in /proc a little longer, until whoever adopted it after the kill has read its end.
        Assert.That(
            Directory.GetFiles(Path.Combine(_data, "rabbitmq"), "*.pid").Select(file => ProcessIdentity.Find(int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)))
                .OfType<ProcessIdentity>(),
            Is.Empty, "the node and its port mapper have ended with the tree");
    }

    [Test]
    public async Task A_broker_that_is_named_carries_the_tree_once_it_has_its_definitions()
    {
        var node = await PrivateBroker.StartAsync(
            new PrivateBrokerOptions(Path.Combine(_data, "rabbitmq"), BrokerDefinitions.Of([])), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        string[] words = ["--topology", Topology, "--bus", $"rabbitmq={node.Url}"];
        var refused = await CellsUp.RunCellsAsync(["up", "--data", _data, "--listen", "127.0.0.1:0", .. words]);
        Assert.That(refused.Code, Is.EqualTo(1), refused.Said);
        Assert.That(refused.Error, Does.Contain("refuses the account 'global'").And.Contain("`cells bus definitions`"));

        var definitions = Path.Combine(_data, "definitions.json");
        var written = await CellsUp.RunCellsAsync("bus", "definitions", "--data", _data, "--topology", Topology, "--out", definitions);
        Assert.That(written.Code, Is.Zero, written.Said);
        await node.ControlAsync(["import_definitions", definitions], CancellationToken.None);
        await using var up = await CellsUp.StartAsync(_data, words);

        Assert.That(up.Said, Does.Contain($"uses RabbitMQ at 127.0.0.1:{node.Port}"));
        using var cloud = await up.EnterAsync();
        await cloud.UntilAsync(await cloud.CreateAsync("one", await cloud.NewImageAsync("image")), Patience, "ACTIVE");
    }

    private Task<CellsUp> StartAsync() => CellsUp.StartAsync(_data, "--topology", Topology, "--bus", "rabbitmq");
}
