using Cells.Api;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Host.Observability;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports;
using Cells.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>What /readyz judges: an API cell whose one child is dead.</summary>
public sealed class HealthTests
{
    private TestDatabase _database = null!;
    private CellRuntime _home = null!;
    private ApiCell _cell = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateAsync(Array.Empty<SqlSource>());
        var directory = TestCluster.NewDirectory();
        _home = await CellRuntime.StartAsync(
            new CellRuntimeOptions
            {
                Name = CellName.Parse("global"),
                Id = Guid.NewGuid(),
                Kind = CellKind.Api,
                ConnectionString = _database.ConnectionString,
                Migrations = [SqlSource.Messaging, ApiHome.Sql],
                Neighbours = [new Neighbour(CellName.Parse("east"), NeighbourKind.Child)],
                Transport = new InProcessTransport(),
                Keys = new DerivedLinkKeys(new byte[32]),
                Dispatcher = new ThreadPoolDispatcher(),
                Time = TimeProvider.System,
                Ids = new SystemIds(),
                Seed = 1,
                Loggers = NullLoggerFactory.Instance,
            },
            CancellationToken.None);
        _cell = ApiCell.Start(_home, new ApiOptions(), new HomeOptions("http://127.0.0.1:1", Path.Combine(directory, "keys"), Path.Combine(directory, "images")));
    }

    [TearDown]
    public async Task EndAsync()
    {
        await _home.StopAsync("test over");
        Directory.Delete(Path.GetDirectoryName(_cell.Home!.Options.KeyDirectory)!, recursive: true);
        _cell.Dispose();
        await _database.AllowConnectionsAsync(true);
        await _database.DisposeAsync();
    }

    [Test]
    public async Task A_cell_whose_child_is_dead_is_ready_and_says_which()
    {
        var checks = await new Health(_home, TimeProvider.System).CheckAsync(CancellationToken.None);

        Assert.That(Health.IsReady(checks), Is.True);
        Assert.That(Health.Text(checks, verbose: true), Is.EqualTo("[+] database: answers\n[+] actors: run\n[!] child east: not heard yet (does not count)\nready\n"));
    }

    [Test]
    public async Task A_cell_whose_database_takes_nobody_is_not_ready()
    {
        await _database.AllowConnectionsAsync(false);
        await _database.EndConnectionsAsync();

        var checks = await new Health(_home, TimeProvider.System).CheckAsync(CancellationToken.None);

        Assert.That(Health.IsReady(checks), Is.False);
        Assert.That(Health.Text(checks, verbose: false), Does.StartWith("[-] database: ").And.EndsWith("not ready\n"));
    }

    [Test]
    public async Task A_cell_whose_actors_ended_is_not_ready()
    {
        await _home.System.Terminate();

        var checks = await new Health(_home, TimeProvider.System).CheckAsync(CancellationToken.None);

        Assert.That(Health.Text(checks, verbose: false), Does.Contain("[-] actors: ended"));
    }
}
