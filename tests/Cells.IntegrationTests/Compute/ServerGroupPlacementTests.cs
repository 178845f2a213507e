using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>Server groups in a compute cell: what many ask for at once ends apart, or together, also over a crash.</summary>
public sealed class ServerGroupPlacementTests
{
    private ComputeWorld? _running;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task Many_of_an_anti_affinity_group_at_once_are_each_on_a_host_of_their_own_and_one_too_many_is_refused()
    {
        var world = _running = await ComputeWorld.StartAsync(hosts: 3);
        var group = new GroupHint(Guid.NewGuid(), GroupPolicy.AntiAffinity, 1);
        var builds = Enumerable.Range(0, 4).Select(_ => Build(world, group)).ToList();

        foreach (var build in builds)
            await world.ParentCell.SendAsync(build);
        foreach (var build in builds)
            await world.ParentCell.AnswersAsync(build.Instance, 1);
        var answers = builds.Select(build => world.ParentCell.AnswersTo(build.Instance)[0]).ToList();
        await world.RestartCellAsync();
        await world.ParentCell.HostsUpAsync(3);
        var late = Build(world, group);
        var refused = world.ParentCell.AnswerAsync<PlacementFailed>(late.Instance);
        await world.ParentCell.SendAsync(late);
        var why = (await refused).Tried[^1].Why!;
        var gone = builds[answers.FindIndex(answer => answer is InstancePlaced)];
        await world.DeleteAsync(gone);
        var next = await world.BuildAsync(Build(world, group));

        Assert.That(answers.OfType<InstancePlaced>().Select(placed => placed.HostName).Order(), Is.EqualTo(new[] { "host-1", "host-2", "host-3" }));
        Assert.That(answers.OfType<PlacementFailed>().Count(), Is.EqualTo(1));
        Assert.That(why.Removed.Sum(removed => removed.Count), Is.EqualTo(3));
        Assert.That(next.HostName, Is.EqualTo(answers.OfType<InstancePlaced>().Single(placed => placed.Instance == gone.Instance).HostName));
    }

    [Test]
    public async Task All_of_an_affinity_group_are_on_one_host()
    {
        var world = _running = await ComputeWorld.StartAsync(hosts: 3);
        var group = new GroupHint(Guid.NewGuid(), GroupPolicy.Affinity, 1);
        var first = await world.BuildAsync(Build(world, group));

        var others = new List<InstanceRow>();
        for (var i = 0; i < 2; i++)
            others.Add(await world.BuildAsync(Build(world, group)));

        Assert.That(others.Select(row => row.HostName), Is.All.EqualTo(first.HostName));
    }

    private static BuildInstance Build(ComputeWorld world, GroupHint group) => world.NewBuild() with { Hints = PlacementHints.None with { Group = group } };
}
