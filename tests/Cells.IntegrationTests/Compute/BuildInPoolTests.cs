using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>A compute cell over one pool of three members and a repository that they share.</summary>
public sealed class BuildInPoolTests
{
    // Room for one server of 4 GiB each, beside the control domain: placements spread because they must.
    private static readonly HostShape Narrow = new() { Name = "", MemoryBytes = 8L << 30, LocalStorageBytes = 0 };
    private static readonly Flavor Wide = new("4", "wide", 1, 4096, 2);

    private ComputeWorld? _running;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task Servers_on_three_members_share_one_copy_of_the_image_and_one_account_of_the_repository()
    {
        var world = await StartAsync();
        var before = world.ParentCell.News!.Capacity;
        var builds = Enumerable.Range(0, 3).Select(_ => world.NewBuild(Wide)).ToList();

        var rows = await Task.WhenAll(builds.Select(world.BuildAsync));

        Assert.That(rows.Select(r => r.HostName).Order(), Is.EqualTo(new[] { "host-1", "host-2", "host-3" }));
        Assert.That(world.Images.Opened, Is.EqualTo(1));
        Assert.That(builds.Select(b => world.Held(b.Instance)), Is.All.EqualTo((1, 1, 1)));
        Assert.That(world.Fleet.Account().Select(h => h.Domains.Count), Is.EqualTo(new[] { 1, 1, 1 }));
        Assert.That(before.SharedSrs, Has.Count.EqualTo(1));
        var promised = await world.Database.QueryAsync<long>("select promised from provider where kind = 2");
        Assert.That(promised, Is.EqualTo(new[] { 3L * (2L << 30) }), "one row however many hosts see it");

        foreach (var build in builds)
            await world.DeleteAsync(build);
        Assert.That(await world.PromisedAsync(), Is.EqualTo((0L, 0L)));
        Assert.That(world.Leftovers(), Is.Empty);
    }

    [Test]
    public async Task A_server_that_somebody_moves_is_shown_on_its_new_host_and_its_claim_goes_with_it()
    {
        var world = await StartAsync();
        var build = world.NewBuild(Wide);
        var active = await world.BuildAsync(build);
        var to = world.Fleet.Hosts.First(h => h.Uuid != "" && h.Name != active.HostName);
        var vm = world.Fleet.Account().SelectMany(h => h.Domains).Single().VmUuid;

        var moved = world.ParentCell.RowAsync(build.Instance, r => r.HostName == to.Name);
        world.Fleet.Inject(new SimFault.MoveVm(vm, to.Name));

        Assert.That(((await moved).Host!.Value.Value.ToString(), (await moved).VmState), Is.EqualTo((to.Uuid, VmState.Active)));
        Assert.That(await ClaimedAsync(world), Is.EqualTo(new[] { (to.Uuid, 4096L + 36) }));
        Assert.That((await world.InspectAsync()).Overfull, Is.Empty);
        await world.DeleteAsync(build);
        Assert.That(await world.PromisedAsync(), Is.EqualTo((0L, 0L)));
        Assert.That(world.Held(build.Instance), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task A_host_that_others_fill_beyond_what_it_has_is_shown_so_and_takes_nothing_new()
    {
        var world = await StartAsync(Narrow with { PhysicalCpus = 8 });
        var builds = Enumerable.Range(0, 5).Select(_ => world.NewBuild(new Flavor("5", "flat", 8, 256, 1))).ToList();
        foreach (var build in builds)
            await world.BuildAsync(build);   // four fill a host, at four times its CPUs
        var vms = world.Fleet.Account().SelectMany(h => h.Domains.Select(d => (d.VmUuid, Host: h.Name))).ToLookup(v => v.Host, v => v.VmUuid);
        var full = vms.Single(h => h.Count() == 4).Key;
        var all = builds.Select(b => world.ParentCell.RowAsync(b.Instance, r => r.HostName == full)).ToList();

        world.Fleet.Inject(new SimFault.MoveVm(vms.Single(h => h.Count() == 1).Single(), full));
        await Task.WhenAll(all);

        var overfull = (await world.InspectAsync()).Overfull.Single();
        Assert.That((overfull.Resource, overfull.Promised, overfull.Limit), Is.EqualTo((Cells.Contracts.Resource.Vcpu, 40L, 32L)));
        var next = await world.BuildAsync(world.NewBuild(new Flavor("6", "thin", 1, 256, 1)));
        Assert.That(next.HostName, Is.Not.EqualTo(full));
    }

    [Test]
    public async Task A_change_of_coordinator_in_the_middle_of_builds_loses_none_and_does_none_twice()
    {
        var world = await StartAsync();
        await world.BuildAsync(world.NewBuild());   // the image is there
        world.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))));
        var builds = Enumerable.Range(0, 4).Select(_ => world.NewBuild()).ToList();
        var active = builds.Select(b => world.ParentCell.RowAsync(b.Instance, r => r.VmState == VmState.Active)).ToList();
        foreach (var build in builds)
            await world.ParentCell.SendAsync(build);
        foreach (var build in builds)
            await world.ParentCell.AnswerAsync<InstancePlaced>(build.Instance);   // what comes while nobody coordinates is refused at once

        await world.Wires.CountAsync("Async.VM.start_on", 1);
        world.Fleet.Inject(new SimFault.ChangeCoordinator("host-2"));
        await Task.WhenAll(active);

        Assert.That(builds.Select(b => world.Held(b.Instance)), Is.All.EqualTo((1, 1, 1)));
        Assert.That(world.Leftovers(), Is.Empty);
    }

    [Test]
    public async Task A_member_that_joins_takes_servers_and_one_that_is_ejected_takes_none()
    {
        var world = await StartAsync();
        world.Fleet.Inject(new SimFault.JoinHost("host-4"));
        await world.ParentCell.HostsUpAsync(4);
        var builds = Enumerable.Range(0, 4).Select(_ => world.NewBuild(Wide)).ToList();

        var rows = await Task.WhenAll(builds.Select(world.BuildAsync));
        Assert.That(rows.Select(r => r.HostName).Order(), Is.EqualTo(new[] { "host-1", "host-2", "host-3", "host-4" }));

        await world.DeleteAsync(builds[Array.FindIndex(rows, r => r.HostName == "host-3")]);
        var gone = world.ParentCell.HostAsync("host-3", h => h.Status == "gone");
        var session = await world.LogInAsync();
        var host3 = (await session.CallAsync(Cells.Compute.XenApi.Host.GetAllRecords(), CancellationToken.None)).Single(h => h.Value.NameLabel == "host-3").Key;
        await session.CallAsync(new XenRequest<XenVoid>(new XenCall("pool", "eject", 2, XenEffect.Changes, "rio"), [host3], XenVoid.Read), CancellationToken.None);
        await gone;

        var failed = world.NewBuild(Wide);
        var answer = world.ParentCell.AnswerAsync<PlacementFailed>(failed.Instance);
        await world.ParentCell.SendAsync(failed);
        Assert.That((await answer).Tried.Single().Code, Is.EqualTo("no_valid_host"));
    }

    private async Task<ComputeWorld> StartAsync(HostShape? shape = null) => _running = await ComputeWorld.StartPoolAsync(members: 3, shape ?? Narrow);

    private static async Task<IEnumerable<(string, long)>> ClaimedAsync(ComputeWorld world) =>
        (await world.Database.QueryAsync<string>("select provider_id || ' ' || amount from claim where resource = 2 order by provider_id"))
            .Select(line => (line.Split(' ')[0], long.Parse(line.Split(' ')[1])));
}
