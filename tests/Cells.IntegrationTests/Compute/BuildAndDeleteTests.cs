using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Faults;
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

    [Test]
    public async Task A_host_that_refuses_the_start_is_undone_and_another_one_runs_it()
    {
        _world = await ComputeWorld.StartAsync(hosts: 2);
        var build = _world.NewBuild();
        _world.Fleet.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, "HOST_NOT_ENOUGH_FREE_MEMORY", ["1", "0"]), "host-1");

        var active = await _world.BuildAsync(build);

        Assert.That(active.HostName, Is.EqualTo("host-2"));
        Assert.That(_world.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That((await _world.PromisedAsync()).Claims, Is.EqualTo(3));
        var story = (await _world.InspectAsync()).Instances.Single().Story;
        Assert.That(story.Refusals.Single().Reason, Does.Contain("host-1").And.Contain("HOST_NOT_ENOUGH_FREE_MEMORY"));
    }

    [Test]
    public async Task A_build_that_every_host_refuses_goes_back_up_with_its_story_and_leaves_nothing()
    {
        _world = await ComputeWorld.StartAsync(hosts: 2);
        var build = _world.NewBuild();
        _world.Fleet.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, "VM_HVM_REQUIRED", [], Count: 100));

        var failed = _world.ParentCell.AnswerAsync<PlacementFailed>(build.Instance);
        await _world.ParentCell.SendAsync(build);

        Assert.That((await failed).Tried.Select(t => t.Code), Is.EqualTo(new[] { "build_failed", "build_failed" }));
        Assert.That((await _world.ParentCell.RowAsync(build.Instance, r => r.Released)).Generation, Is.EqualTo((await failed).LastGeneration));
        Assert.That(_world.Held(build.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await _world.PromisedAsync(), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task A_build_that_fits_nowhere_is_refused_with_reasons_and_the_same_way_when_it_comes_again()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var build = _world.NewBuild(new Flavor("9", "huge", 1, 1_000_000, 1));

        var first = _world.ParentCell.AnswerAsync<PlacementFailed>(build.Instance);
        await _world.ParentCell.SendAsync(build);
        await first;
        await _world.ParentCell.SendAsync(build);
        await _world.ParentCell.AnswersAsync(build.Instance, 2);

        var answers = _world.ParentCell.AnswersTo(build.Instance).Cast<PlacementFailed>().ToList();
        Assert.That(answers.Select(a => (a.Tried.Single().Code, a.LastGeneration)).Distinct().ToList(), Is.EqualTo(new[] { ("no_valid_host", 1L) }));
        Assert.That(answers[0].Tried[0].Why!.Removed.Single().Filter, Is.EqualTo("resources"));
        Assert.That(await _world.PromisedAsync(), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task A_delete_that_comes_first_leaves_a_tombstone_that_refuses_the_late_build()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var build = _world.NewBuild();

        await _world.DeleteAsync(build);
        await _world.ParentCell.SendAsync(build);
        await _world.ParentCell.AnswersAsync(build.Instance, 2);

        Assert.That(_world.ParentCell.AnswersTo(build.Instance), Is.All.InstanceOf<InstanceDeleted>());
        Assert.That(_world.Held(build.Instance), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task A_guest_that_powers_itself_off_shows_as_stopped_and_one_removed_outside_as_error()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var build = _world.NewBuild();
        await _world.BuildAsync(build);
        var vm = _world.Fleet.Account().SelectMany(h => h.Domains).Single(d => d.OtherConfig.ContainsKey("cells-instance")).VmUuid;

        var stopped = _world.ParentCell.RowAsync(build.Instance, r => r.VmState == VmState.Stopped);
        _world.Fleet.Inject(new SimFault.GuestEnds(vm, GuestEnd.Shutdown));

        Assert.That((await stopped).PowerState, Is.EqualTo(PowerState.Shutdown));

        var gone = _world.ParentCell.RowAsync(build.Instance, r => r.VmState == VmState.Error);
        var pool = await _world.LogInAsync();
        await pool.CallAsync(Vm.Destroy(await pool.CallAsync(Vm.GetByUuid(Guid.Parse(vm)), CancellationToken.None)), CancellationToken.None);

        Assert.That((await gone).Fault, Does.Contain(vm).And.Contain("removed outside"));
        Assert.That((await _world.PromisedAsync()).Claims, Is.EqualTo(3));
    }

    [Test]
    public async Task A_host_that_does_not_answer_after_a_restart_of_the_cell_is_not_shown_as_up_and_gets_nothing()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var build = _world.NewBuild();
        _world.Fleet.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromHours(1)));

        var suspect = _world.ParentCell.HostAsync("host-1", h => h.Status == "suspect");
        await _world.RestartCellAsync();
        await suspect;
        var failed = _world.ParentCell.AnswerAsync<PlacementFailed>(build.Instance);
        await _world.ParentCell.SendAsync(build);

        Assert.That((await failed).Tried.Single().Why!.Removed.Single().Examples.Single(), Does.Contain("suspect"));
    }

    [Test]
    public async Task Many_builds_of_one_image_fetch_it_once_and_each_gets_its_own_disk()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var builds = Enumerable.Range(0, 8).Select(_ => _world.NewBuild()).ToList();

        await Task.WhenAll(builds.Select(_world.BuildAsync));

        Assert.That(_world.Images.Opened, Is.EqualTo(1));
        Assert.That(builds.Select(b => _world.Held(b.Instance)), Is.All.EqualTo((1, 1, 1)));
        var disks = _world.Fleet.Account().SelectMany(h => h.Disks).Where(d => d.Managed && d.OtherConfig.ContainsKey("cells-instance")).ToList();
        Assert.That(disks.Select(d => (d.ContentSha256, d.VirtualSizeBytes)).Distinct().ToList(), Is.EqualTo(new[] { (_world.Images.Spec.Sha256, 1L << 30) }));
    }

    [Test]
    public async Task An_image_whose_bytes_have_another_digest_is_never_used()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        _world.Images.Spec = _world.Images.Spec with { Sha256 = new string('0', 64) };
        var build = _world.NewBuild();

        var failed = _world.ParentCell.AnswerAsync<PlacementFailed>(build.Instance);
        await _world.ParentCell.SendAsync(build);

        Assert.That((await failed).Tried[0].Reason, Does.Contain("SHA-256"));
        Assert.That(_world.Leftovers(), Is.Empty);
    }

    [Test]
    public async Task News_tell_what_is_free_and_count_the_work_that_took_it()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        var before = _world.ParentCell.News!.Capacity.Groups.Single().Vectors.Single();
        var taken = _world.ParentCell.NewsAsync(n => n.Capacity.CountsWorkUpTo > 0 && n.Capacity.Groups.Single().Vectors.Single().Vcpus < before.Vcpus);

        await _world.BuildAsync(_world.NewBuild());
        await taken;

        var after = _world.ParentCell.News!.Capacity.Groups.Single().Vectors.Single();
        Assert.That((before.Vcpus - after.Vcpus, before.MemoryMib - after.MemoryMib), Is.EqualTo((1, 512L + 8)));   // 1 + 1 + 5 + 1 MiB overhead
    }
}
