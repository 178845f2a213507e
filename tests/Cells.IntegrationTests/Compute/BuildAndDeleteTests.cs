using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>A compute cell against simulated hosts: what a parent asks becomes VMs, and what the hosts show comes back up.</summary>
public sealed class BuildAndDeleteTests
{
    private ComputeWorld? _running;

    private ComputeWorld _world
    {
        get => _running!;
        set => _running = value;
    }

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_build_runs_on_a_host_and_a_delete_leaves_nothing()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var build = _world.NewBuild();

        var active = await _world.BuildAsync(build);
        var placed = await _world.ParentCell.AnswerAsync<InstancePlaced>(build.Instance);

        Assert.That((active.PowerState, active.TaskState, active.AppliedIntent, active.Step), Is.EqualTo((PowerState.Running, TaskState.None, 1L, (string?)null)));
        Assert.That((placed.Host, placed.HostName), Is.EqualTo((active.Host!.Value, "host-1")));
        Assert.That(_world.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That((await _world.PromisedAsync()).Claims, Is.EqualTo(3));

        var deleted = _world.ParentCell.AnswerAsync<InstanceDeleted>(build.Instance);
        await _world.ParentCell.SendAsync(ComputeWorld.DeleteOf(build));

        Assert.That((await deleted).Intent, Is.EqualTo(2));
        Assert.That(_world.Held(build.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await _world.PromisedAsync(), Is.EqualTo((0L, 0L)));
        Assert.That((await _world.ParentCell.RowAsync(build.Instance, r => r.VmState == VmState.Deleted)).Released, Is.True);
    }
}
