using Cells.Api.Admin.Events;
using Cells.Contracts;
using Cells.IntegrationTests.Api.Tree;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>What the top cell's events tell of a tree: each change once, in order, from wherever a reader begins.</summary>
[CancelAfter(120_000)]
public sealed class EventsTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);
    private static readonly EventFilter All = new([], null, null);

    private TreeWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await TreeWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public void From_nothing_every_row_is_told_once_as_it_is_now_and_above_the_last_nothing_is()
    {
        var server = _world.Create();
        ReportHosts();

        var told = Read(0);

        Assert.Multiple(() =>
        {
            Assert.That(told.Select(e => e.Kind), Is.EquivalentTo(new[] { "instance", "host", "host", "host" }));
            Assert.That(told.Select(e => e.Change), Is.Ordered.And.Unique);
            var instance = told.Single(e => e.Kind == "instance");
            Assert.That((instance.Id, instance.Name, instance.State), Is.EqualTo(($"{server}", "s", "active")));
            Assert.That(instance.Text, Is.EqualTo($"active, on host-{instance.Cell}"));
            Assert.That(Read(told[^1].Change), Is.Empty);
            Assert.That(Read(told[^2].Change).Single(), Is.EqualTo(told[^1]), "resumed where it was");
            Assert.That(Read(0, new EventFilter(["host"], "b", null)).Single().Name, Is.EqualTo("host-b"));
            Assert.That(Read(0, new EventFilter([], null, server)).Single().Kind, Is.EqualTo("instance"));
        });
    }

    [TestCase(5, 7, ExpectedResult = 5)]
    [TestCase(7, 7, ExpectedResult = 7)]
    [TestCase(8, 7, ExpectedResult = null)]
    public long? A_number_that_was_never_given_is_no_beginning(long above, long counter) => new EventStart.Above(above).Resolve(counter);

    private void ReportHosts()
    {
        foreach (var cell in new[] { _world.A, _world.B, _world.West })
            _world.Say(cell, cell.HostRow(cell.Name, cell.Host, 1));
        _world.Run(Moment);
    }

    private List<CellsEvent> Read(long above, EventFilter? filter = null) => _world.Ask(async home =>
    {
        var told = new List<CellsEvent>();
        await foreach (var (_, change) in home.Admin.Events.ReadAsync(filter ?? All, above, follow: false, CancellationToken.None))
            if (change is not null)
                told.Add(change);
        return told;
    });
}
