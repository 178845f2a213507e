using System.Security.Cryptography;
using System.Text;
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

/// <summary>The pool's owner and the client below it, against a simulated host over real HTTP and a real database.</summary>
public sealed class PoolActorTests
{
    private static readonly Stamp Mark = new(new InstanceId(Guid.Parse("aaaaaaaa-0000-0000-0000-000000000001")), Epoch: 3, Attempt: 1);

    private PoolWorldForTests _world = null!;

    [SetUp]
    public async Task Begin() => _world = await PoolWorldForTests.StartAsync();

    [TearDown]
    public async Task End() => await _world.DisposeAsync();

    [Test]
    public async Task A_pool_is_taken_marked_read_and_its_host_is_heard()
    {
        var owner = _world.Own();

        var shown = await owner.ReadyAsync();
        var heard = await owner.NextAsync<HostHealthChanged>(_ => true);

        Assert.That(shown.Epoch, Is.EqualTo(1));
        Assert.That(shown.Hosts.Single().Host.Value.ToString(), Is.EqualTo(_world.Fleet.Hosts[0].Uuid));
        Assert.That(shown.Hosts.Single().Address, Is.EqualTo(_world.Address));
        Assert.That(shown.Hosts.Single().MemoryBytes, Is.EqualTo((64L << 30) - (512L << 20)));
        Assert.That(shown.Hosts.Single().Cpus, Is.EqualTo(16));
        Assert.That(shown.Srs.Where(s => s.Type == "ext").Select(s => (s.SizeBytes, s.SeenBy.Single())), Is.EqualTo(new[] { (1L << 40, shown.Hosts[0].Host) }));
        Assert.That(shown.Networks.Where(n => n.Management), Has.Exactly(1).Items);
        Assert.That(shown.Outside.Hosts.Single().MemoryMib, Is.GreaterThanOrEqualTo(2048), "the control domain");
        Assert.That((heard.From, heard.Health.Status), Is.EqualTo((HostStatus.Suspect, HostStatus.Up)));
        Assert.That((await owner.AskHealthAsync(heard.Host)).Health.Status, Is.EqualTo(HostStatus.Up), "a host's actor that is made later asks for it");
        var pool = (await (await _world.LogInAsync()).CallAsync(Cells.Compute.XenApi.Pool.GetAllRecords(), CancellationToken.None)).Single().Value;
        Assert.That(pool.OtherConfig["cells-cell"], Is.EqualTo("c0000000-0000-0000-0000-000000000001/east-1"));
    }

    [Test]
    public async Task Sessions_are_on_record_and_not_readable_there()
    {
        var owner = _world.Own();

        await owner.ReadyAsync();

        var boxes = await _world.Database.QueryAsync<byte[]>("select sealed from pool_session");
        Assert.That(boxes, Has.Count.EqualTo(2));
        Assert.That(_world.OpenSessions, Has.Count.EqualTo(2), "the session that found out which pool it is has ended");
        foreach (var session in _world.OpenSessions)
            Assert.That(boxes.Select(Encoding.Latin1.GetString), Has.All.Not.Contain(session["OpaqueRef:".Length..]));
    }

    [Test]
    public async Task An_instance_is_built_started_seen_stopped_and_removed()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var handle = owner.Handle;

        var vm = await BuildAsync(handle, shown);
        await handle.RunTaskAsync(Vm.StartOn(vm, shown.Hosts[0].Ref, startPaused: false, force: false), CancellationToken.None);
        await handle.BarrierAsync(CancellationToken.None);

        var found = handle.FindVmsByInstance(Mark.Instance).Single();
        Assert.That((found.Stamp, found.PowerState, found.ResidentOn, found.Vcpus), Is.EqualTo((Mark, VmPowerState.Running, (HostId?)shown.Hosts[0].Host, 2)));
        Assert.That(found.OverheadBytes, Is.GreaterThan(0));
        Assert.That(handle.FindVdisByInstance(Mark.Instance).Single().InUse);
        Assert.That((await owner.NextAsync<VmShown>(s => s.Vm.PowerState == VmPowerState.Running)).Vm.Stamp, Is.EqualTo(Mark));

        var disk = handle.FindVdisByInstance(Mark.Instance).Single().Ref;
        await handle.RunTaskAsync(Vm.HardShutdown(vm), CancellationToken.None);
        await handle.CallAsync(Vm.Destroy(vm), CancellationToken.None);
        await handle.CallAsync(Vdi.Destroy(disk), CancellationToken.None);
        await handle.BarrierAsync(CancellationToken.None);

        Assert.That((await owner.NextAsync<VmGone>(_ => true)).Why, Is.EqualTo(Departure.Destroyed));
        Assert.That((await owner.NextAsync<VdiGone>(_ => true)).Last.Stamp, Is.EqualTo(Mark));
        Assert.That(handle.FindVmsByInstance(Mark.Instance), Is.Empty);
        Assert.That(handle.Cache!.Tasks, Is.Empty, "tasks are destroyed once they have ended");
    }

    [Test]
    public async Task A_refusal_inside_a_task_comes_out_with_its_code()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var vm = await BuildAsync(owner.Handle, shown);

        var failure = Assert.ThrowsAsync<XenApiFailure>(() => owner.Handle.RunTaskAsync(Vm.HardShutdown(vm), CancellationToken.None))!;

        Assert.That((failure.Code, failure.Call), Is.EqualTo(("VM_BAD_POWER_STATE", "VM.hard_shutdown")));
    }

    [Test]
    public async Task A_task_is_cancelled_on_request()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var vm = await BuildAsync(owner.Handle, shown);
        _world.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(PoolWorldForTests.Patience, PoolWorldForTests.Patience))));
        var begun = new TaskCompletionSource<XenRef<XenTask>>(TaskCreationOptions.RunContinuationsAsynchronously);

        var start = owner.Handle.RunTaskAsync(Vm.StartOn(vm, shown.Hosts[0].Ref, false, false), begun.SetResult, CancellationToken.None);
        await owner.Handle.CancelTaskAsync(await begun.Task, CancellationToken.None);

        Assert.That(Assert.ThrowsAsync<XenApiFailure>(() => start)!.Code, Is.EqualTo("TASK_CANCELLED"));
    }

    [Test]
    public async Task An_image_is_imported_byte_for_byte()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var bytes = new byte[3 << 20];
        new Random(1).NextBytes(bytes);
        var disk = await owner.Handle.CallAsync(Vdi.Create(new NewVdi("image", "", Local(shown), 4 << 20, new SortedDictionary<string, string>())), CancellationToken.None);

        await owner.Handle.ImportRawVdiAsync(disk, new Bytes(bytes), PoolWorldForTests.Patience, CancellationToken.None);

        var imported = _world.Fleet.Account()[0].Disks.Single(d => d.Name == "image");
        Assert.That((imported.ContentLength, imported.ContentSha256), Is.EqualTo(((long)bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)))));
    }

    [Test]
    public async Task A_lost_answer_of_a_change_is_unknown_and_the_events_tell_what_happened()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        _world.Fleet.Inject(new SimFault.OnCall("VDI.create", FaultKind.LoseAnswer));

        Assert.ThrowsAsync<XenApiUnknownOutcome>(() => owner.Handle.CallAsync(Vdi.Create(NewDisk(shown)), CancellationToken.None));

        Assert.That((await owner.NextAsync<VdiShown>(_ => true)).Vdi.Stamp, Is.EqualTo(Mark));
    }

    [Test]
    public async Task When_its_sessions_end_the_owner_logs_in_again_and_reads_everything()
    {
        var owner = _world.Own();
        var before = await owner.ReadyAsync();
        var old = _world.OpenSessions;

        _world.Fleet.Inject(new SimFault.EndSessions());
        var after = await owner.ReadyAsync();

        Assert.That((after.Epoch, after.Hosts.Single()), Is.EqualTo((before.Epoch, before.Hosts.Single())));
        Assert.That(_world.OpenSessions, Has.Count.EqualTo(2).And.Not.Contain(old[0]).And.Not.Contain(old[1]));
        Assert.That(await _world.Database.QueryAsync<long>("select count(*) from pool_session"), Is.EqualTo(new[] { 2L }), "ended ones are forgotten");
        Assert.That(await owner.Handle.CallAsync(Cells.Compute.XenApi.Host.ComputeFreeMemory(after.Hosts[0].Ref), CancellationToken.None), Is.GreaterThan(0));
    }

    [Test]
    public async Task Everything_is_read_and_shown_again_every_ten_minutes_over_the_same_connection()
    {
        var time = new ManualTime();
        var owner = _world.Own(time: time);
        var first = await owner.ReadyAsync();
        var sessions = _world.OpenSessions;

        time.Advance(TimeSpan.FromMinutes(10));
        _world.Fleet.Inject(new SimFault.ForeignVm(_world.Fleet.Hosts[0].Name, "theirs", 1L << 30, 1));   // the stream answers, and the next turn is the comparison's
        var again = await owner.NextAsync<PoolShown>(_ => true);

        Assert.That((again.Epoch, again.Hosts.Single().Host), Is.EqualTo((first.Epoch, first.Hosts.Single().Host)));
        Assert.That(_world.OpenSessions, Is.EqualTo(sessions));
        await owner.Handle.BarrierAsync(CancellationToken.None);
    }

    [Test]
    public async Task A_call_that_finds_its_session_ended_says_so_and_has_done_nothing()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        // The event stream's session lives on, so only the call can notice.
        _world.Fleet.Inject(new SimFault.OnCall("VDI.create", FaultKind.Fail, "SESSION_INVALID", ["OpaqueRef:gone"]));

        Assert.ThrowsAsync<XenApiUnreachable>(() => owner.Handle.CallAsync(Vdi.Create(NewDisk(shown)), CancellationToken.None));
        var again = await owner.ReadyAsync();

        Assert.That(again.Vdis, Is.Empty);
        await owner.Handle.CallAsync(Vdi.Create(NewDisk(again)), CancellationToken.None);
    }

    [Test]
    public async Task After_a_restart_of_the_toolstack_the_running_vm_is_shown_again()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var vm = await BuildAsync(owner.Handle, shown);
        await owner.Handle.RunTaskAsync(Vm.StartOn(vm, shown.Hosts[0].Ref, false, false), CancellationToken.None);

        _world.Fleet.Inject(new SimFault.RestartToolstack(_world.Fleet.Hosts[0].Name, TimeSpan.FromSeconds(1)));
        await owner.NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Connecting);
        Assert.ThrowsAsync<XenApiUnreachable>(() => owner.Handle.CallAsync(Vm.GetRecord(vm), CancellationToken.None));
        var again = await owner.ReadyAsync();

        Assert.That(again.Vms.Single().PowerState, Is.EqualTo(VmPowerState.Running));
        Assert.That(again.Vms.Single().Stamp, Is.EqualTo(Mark));
    }

    [Test]
    public async Task A_task_whose_end_is_lost_with_the_connection_is_an_unknown_outcome()
    {
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var vm = await BuildAsync(owner.Handle, shown);
        _world.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(PoolWorldForTests.Patience, PoolWorldForTests.Patience))));
        var begun = new TaskCompletionSource<XenRef<XenTask>>(TaskCreationOptions.RunContinuationsAsynchronously);

        var start = owner.Handle.RunTaskAsync(Vm.StartOn(vm, shown.Hosts[0].Ref, false, false), begun.SetResult, CancellationToken.None);
        await begun.Task;
        _world.Fleet.Inject(new SimFault.RestartToolstack(_world.Fleet.Hosts[0].Name, TimeSpan.FromSeconds(1)));

        Assert.ThrowsAsync<XenApiUnknownOutcome>(() => start);
    }

    [Test]
    public async Task What_others_start_is_counted_and_never_shown_as_ours()
    {
        var owner = _world.Own();
        var before = (await owner.ReadyAsync()).Outside.Hosts.Single();

        _world.Fleet.Inject(new SimFault.ForeignVm(_world.Fleet.Hosts[0].Name, "theirs", 4L << 30, 3));
        var after = (await owner.NextAsync<OutsideUsage>(_ => true)).Hosts.Single();

        Assert.That(after.Vcpus - before.Vcpus, Is.EqualTo(3));
        Assert.That(after.MemoryMib - before.MemoryMib, Is.InRange(4096, 4096 + 100));
    }

    [Test]
    public async Task A_taker_ends_the_former_owners_sessions_before_it_reads()
    {
        var first = _world.Own();
        await first.ReadyAsync();
        var old = _world.OpenSessions;

        var second = _world.Own();
        var shown = await second.ReadyAsync();

        Assert.That(shown.Epoch, Is.EqualTo(2));
        Assert.That(_world.OpenSessions, Has.Count.EqualTo(2).And.Not.Contain(old[0]).And.Not.Contain(old[1]));
        foreach (var reference in old)
        {
            var session = new XapiSession(_world.Wires.Open(_world.Address), new XenRef<Session>(reference));
            Assert.That(Assert.ThrowsAsync<XenApiFailure>(() => session.CallAsync(Vdi.Create(NewDisk(shown)), CancellationToken.None))!.Code, Is.EqualTo("SESSION_INVALID"));
        }
        await first.NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Fenced);
        Assert.ThrowsAsync<XenApiUnreachable>(() => first.Handle.CallAsync(Vdi.Create(NewDisk(shown)), CancellationToken.None));
        Assert.That(await _world.Database.QueryAsync<long>("select distinct epoch from pool_session"), Is.EqualTo(new[] { 2L }));
    }

    [Test]
    public async Task A_taker_cancels_what_a_dead_owner_left_running_and_waits_for_its_end()
    {
        var first = _world.Own();
        var shown = await first.ReadyAsync();
        var vm = await BuildAsync(first.Handle, shown);
        _world.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(PoolWorldForTests.Patience, PoolWorldForTests.Patience))));
        var begun = new TaskCompletionSource<XenRef<XenTask>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = first.Handle.RunTaskAsync(Vm.StartOn(vm, shown.Hosts[0].Ref, false, false), begun.SetResult, CancellationToken.None);
        var task = await begun.Task;
        first.Crash();

        var second = _world.Own();
        var taken = await second.ReadyAsync();

        Assert.That(second.Handle.Cache!.Tasks[task].Status, Is.EqualTo(XenTaskStatus.Cancelled));
        Assert.That(taken.Vms.Single().PowerState, Is.EqualTo(VmPowerState.Halted));
        Assert.That(taken.Vms.Single().ScheduledOn, Is.Null);
    }

    [Test]
    public async Task A_restarted_owner_takes_its_own_pool_over_again()
    {
        var first = _world.Own();
        await first.ReadyAsync();
        first.Crash();

        var second = _world.Own();
        var shown = await second.ReadyAsync();

        Assert.That(shown.Epoch, Is.EqualTo(2));
        Assert.That(_world.OpenSessions, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_pool_of_another_cell_is_refused_by_name()
    {
        var session = await _world.LogInAsync();
        var pool = (await session.CallAsync(Cells.Compute.XenApi.Pool.GetAllRecords(), CancellationToken.None)).Single().Key;
        await session.CallAsync(Cells.Compute.XenApi.Pool.AddToOtherConfig(pool, "cells-cell", "d0000000-0000-0000-0000-000000000002/west-9"), CancellationToken.None);

        var refused = await _world.Own().NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Refused);

        Assert.That(refused.Reason, Does.Contain("west-9").And.Contains("pool-param-remove"));
    }

    [Test]
    public async Task A_wrong_password_is_refused_with_what_to_check()
    {
        var refused = await _world.Own(password: "wrong").NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Refused);

        Assert.That(refused.Reason, Does.Contain("SESSION_AUTHENTICATION_FAILED").And.Contains("credentials").And.Not.Contains("wrong"));
    }

    [Test]
    public async Task Sessions_sealed_with_a_lost_key_stop_the_taker()
    {
        var first = _world.Own();
        await first.ReadyAsync();
        first.Crash();

        var refused = await _world.Own(key: 8).NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Refused);

        Assert.That(refused.Reason, Does.Contain("key file").And.Contains("pool_session"));
    }

    [Test]
    public async Task A_host_without_power_is_suspect_and_then_down()
    {
        var time = new ManualTime();
        var owner = _world.Own(time: time);
        await owner.ReadyAsync();
        await owner.NextAsync<HostHealthChanged>(h => h.Health.Status == HostStatus.Up);

        _world.Fleet.Inject(new SimFault.PowerLoss(_world.Fleet.Hosts[0].Name, TimeSpan.FromHours(1)));
        time.Advance(TimeSpan.FromSeconds(14));

        Assert.That((await owner.NextAsync<HostHealthChanged>(_ => true)).Health.Status, Is.EqualTo(HostStatus.Suspect));
        Assert.That((await owner.NextAsync<HostHealthChanged>(_ => true)).Health.Status, Is.EqualTo(HostStatus.Down));
    }

    private static async Task<XenRef<Vm>> BuildAsync(PoolHandle handle, PoolShown shown)
    {
        var disk = await handle.CallAsync(Vdi.Create(NewDisk(shown)), CancellationToken.None);
        var vm = await handle.CallAsync(Vm.Create(new NewVm("instance", "", 2, 1L << 30, Marks.Of(Mark))), CancellationToken.None);
        await handle.CallAsync(Vbd.Create(new NewVbd(vm, disk, "0", true, Marks.Of(Mark))), CancellationToken.None);
        await handle.CallAsync(Vif.Create(new NewVif(vm, shown.Networks.Single(n => n.Management).Ref, "0", "", Marks.Of(Mark))), CancellationToken.None);
        return vm;
    }

    private static NewVdi NewDisk(PoolShown shown) => new("instance", "", Local(shown), 1L << 30, Marks.Of(Mark));

    private static XenRef<Sr> Local(PoolShown shown) => shown.Srs.Single(s => s.Type == "ext").Ref;

    private sealed class Bytes(byte[] bytes) : IByteSource
    {
        public long Length => bytes.Length;

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
        {
            await Task.CompletedTask;
            for (var at = 0; at < bytes.Length; at += 64 * 1024)
                yield return bytes.AsMemory(at, Math.Min(64 * 1024, bytes.Length - at));
        }
    }
}
