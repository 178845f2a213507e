using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute.Pools;

/// <summary>The owner of a pool with three members, over real HTTP: it finds the coordinator, follows it, and knows each member by itself.</summary>
public sealed class PoolOfSeveralTests
{
    private static readonly Stamp Mark = new(new InstanceId(Guid.Parse("aaaaaaaa-0000-0000-0000-000000000002")), Epoch: 1, Attempt: 1);

    private PoolWorldForTests _world = null!;

    [SetUp]
    public async Task Begin() => _world = await PoolWorldForTests.StartPoolAsync(members: 3);

    [TearDown]
    public async Task End() => await _world.DisposeAsync();

    [Test]
    public async Task Through_any_member_the_whole_pool_is_taken_with_two_sessions()
    {
        var owner = _world.Own(through: 2);

        var shown = await owner.ReadyAsync();

        Assert.That(shown.Hosts.Select(h => (h.Name, h.Address)).OrderBy(h => h.Name), Is.EqualTo(Enumerable.Range(0, 3).Select(i => ($"host-{i + 1}", _world.AddressOf(i)))));
        Assert.That(shown.Srs.Single(s => s.Shared).SeenBy, Is.EquivalentTo(shown.Hosts.Select(h => h.Host)));
        Assert.That(shown.Srs.Where(s => !s.Shared).Select(s => s.SeenBy.Count), Is.EqualTo(new[] { 1, 1, 1 }));
        Assert.That(_world.OpenSessions, Has.Count.EqualTo(2));
        var heard = new SortedSet<Guid>();
        while (heard.Count < 3)
            heard.Add((await owner.NextAsync<HostHealthChanged>(h => h.Health.Status == HostStatus.Up)).Host.Value);
    }

    [Test]
    public async Task A_planned_change_of_coordinator_is_followed_and_everything_is_read_again()
    {
        var owner = _world.Own();
        var before = await owner.ReadyAsync();
        var vm = await BuildAsync(owner.Handle, before, "host-3");

        _world.Fleet.Inject(new SimFault.ChangeCoordinator("host-2"));
        await owner.NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Connecting);
        var after = await owner.ReadyAsync();

        Assert.That(after.Hosts.Select(h => (h.Host, h.Address)), Is.EqualTo(before.Hosts.Select(h => (h.Host, h.Address))));
        Assert.That(after.Vms.Single().PowerState, Is.EqualTo(VmPowerState.Running));
        Assert.That(_world.OpenSessions, Has.Count.EqualTo(2));
        Assert.That(await _world.Database.QueryAsync<long>("select count(*) from pool_session"), Is.EqualTo(new[] { 2L }));
        Assert.That((await owner.Handle.CallAsync(Vm.GetRecord(vm), CancellationToken.None)).PowerState, Is.EqualTo(VmPowerState.Running));
    }

    [Test]
    public async Task A_lost_coordinator_leaves_the_members_heard_and_the_next_one_is_found_through_them()
    {
        var owner = _world.Own();
        var before = await owner.ReadyAsync();

        _world.Fleet.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromHours(1)));
        await owner.NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Connecting);
        Assert.ThrowsAsync<XenApiUnreachable>(() => owner.Handle.CallAsync(Cells.Compute.XenApi.Pool.GetAllRecords(), CancellationToken.None));
        _world.Fleet.Inject(new SimFault.ChangeCoordinator("host-3"));
        var after = await owner.ReadyAsync();

        Assert.That(after.Hosts.Select(h => h.Host), Is.EqualTo(before.Hosts.Select(h => h.Host)));
        Assert.That(after.Hosts.Single(h => h.Name == "host-1").Address, Is.EqualTo(_world.AddressOf(0)));
    }

    [Test]
    public async Task A_silent_member_is_suspect_and_then_down_while_its_pool_goes_on()
    {
        var time = new ManualTime();
        var owner = _world.Own(time: time);
        var shown = await owner.ReadyAsync();
        await AllHeardAsync(owner);
        var member = shown.Hosts.Single(h => h.Name == "host-2").Host;

        _world.Fleet.Inject(new SimFault.PowerLoss("host-2", TimeSpan.FromHours(1)));
        time.Advance(TimeSpan.FromSeconds(14));

        Assert.That((await owner.NextAsync<HostHealthChanged>(h => h.Host == member)).Health.Status, Is.EqualTo(HostStatus.Suspect));
        Assert.That((await owner.NextAsync<HostHealthChanged>(h => h.Host == member)).Health.Status, Is.EqualTo(HostStatus.Down));
        Assert.That(await owner.Handle.CallAsync(Cells.Compute.XenApi.Host.ComputeFreeMemory(shown.Hosts[0].Ref), CancellationToken.None), Is.GreaterThan(0));
    }

    [Test]
    public async Task A_restarted_owner_hears_the_members_it_knows_though_the_configured_one_and_the_coordinator_are_gone()
    {
        var first = _world.Own();
        await first.ReadyAsync();
        await _world.Database.QueryAsync<int>($"""
            insert into host (id, pool_id, name, address, status, enabled, vcpus, memory_mib, sr_ids, generation, change_number, updated_at)
            select t.id::uuid, pool.id, t.name, t.address, 'up', true, 1, 1, array[]::uuid[], 1, 1, '2026-01-01'
              from pool, (values {string.Join(", ", _world.Fleet.Hosts.Take(3).Select((h, i) => $"('{h.Uuid}', '{h.Name}', '{_world.AddressOf(i)}')"))}) as t (id, name, address)
            returning 1
            """);
        first.Crash();
        _world.Fleet.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromHours(1)));

        var second = _world.Own();
        var heard = await second.NextAsync<HostHealthChanged>(h => h.Health.Status == HostStatus.Up);
        _world.Fleet.Inject(new SimFault.ChangeCoordinator("host-2"));
        var shown = await second.ReadyAsync();

        Assert.That(heard.Host.Value.ToString(), Is.EqualTo(_world.Fleet.Hosts[1].Uuid).Or.EqualTo(_world.Fleet.Hosts[2].Uuid));
        Assert.That(shown.Hosts, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_vm_that_somebody_moves_is_shown_where_it_runs()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        await BuildAsync(owner.Handle, shown, "host-1");
        var vm = (await owner.NextAsync<VmShown>(v => v.Vm.PowerState == VmPowerState.Running)).Vm;

        _world.Fleet.Inject(new SimFault.MoveVm(vm.Vm.ToString(), "host-2"));

        var host2 = shown.Hosts.Single(h => h.Name == "host-2").Host;
        Assert.That((await owner.NextAsync<VmShown>(v => v.Vm.ResidentOn != vm.ResidentOn)).Vm.ResidentOn, Is.EqualTo(host2));
    }

    [Test]
    public async Task A_member_that_joins_is_shown_and_heard_and_one_that_is_ejected_is_gone()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();

        _world.Fleet.Inject(new SimFault.JoinHost("host-4"));
        var joined = await owner.NextAsync<HostShown>(h => h.Host.Name == "host-4");
        await owner.NextAsync<HostHealthChanged>(h => h.Host == joined.Host.Host && h.Health.Status == HostStatus.Up);
        var host3 = shown.Hosts.Single(h => h.Name == "host-3");
        var session = await _world.LogInAsync();
        await session.CallAsync(new XenRequest<XenVoid>(new XenCall("pool", "eject", 2, XenEffect.Changes, "rio"), [host3.Ref], XenVoid.Read), CancellationToken.None);

        Assert.That(joined.Host.Address, Is.EqualTo(_world.AddressOf(3)));
        Assert.That((await owner.NextAsync<HostGone>(_ => true)).Host, Is.EqualTo(host3.Host));
    }

    private static async Task AllHeardAsync(PoolOwnerForTests owner)
    {
        for (var heard = 0; heard < 3; heard++)
            await owner.NextAsync<HostHealthChanged>(h => h.Health.Status == HostStatus.Up);
    }

    private static async Task<XenRef<Vm>> BuildAsync(PoolHandle handle, PoolShown shown, string host)
    {
        var disk = await handle.CallAsync(Vdi.Create(new NewVdi("instance", "", shown.Srs.Single(s => s.Shared).Ref, 1L << 30, Marks.Of(Mark))), CancellationToken.None);
        var vm = await handle.CallAsync(Vm.Create(new NewVm("instance", "", 1, 1L << 30, Marks.Of(Mark))), CancellationToken.None);
        await handle.CallAsync(Vbd.Create(new NewVbd(vm, disk, "0", true, Marks.Of(Mark))), CancellationToken.None);
        await handle.RunTaskAsync(Vm.StartOn(vm, shown.Hosts.Single(h => h.Name == host).Ref, false, false), CancellationToken.None);
        return vm;
    }
}
