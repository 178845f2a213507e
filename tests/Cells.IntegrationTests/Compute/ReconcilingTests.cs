using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What hosts hold and no row wants: removed by right of a durable row, or listed and left alone.</summary>
public sealed class ReconcilingTests
{
    private ComputeWorld? _running;

    private ComputeWorld World => _running!;

    [SetUp]
    public async Task StartWorld() => _running = await ComputeWorld.StartAsync(hosts: 1);

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_VM_that_appears_with_the_stamp_of_a_deleted_instance_is_destroyed()
    {
        var build = World.NewBuild();
        await World.BuildAsync(build);
        await World.DeleteAsync(build);
        var destroyed = World.Wires.CountAsync("VM.destroy", World.Wires.Count("VM.destroy") + 1);

        await CreateVmAsync(new Stamp(build.Instance, 1, 1));
        await destroyed;

        Assert.That(World.Held(build.Instance), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task A_VM_whose_instance_nobody_knows_is_listed_and_left_alone()
    {
        var (stranger, deleted) = (new InstanceId(Guid.NewGuid()), World.NewBuild());
        await World.BuildAsync(deleted);
        await World.DeleteAsync(deleted);
        var destroyed = World.Wires.CountAsync("VM.destroy", World.Wires.Count("VM.destroy") + 1);

        await CreateVmAsync(new Stamp(stranger, 1, 1));
        await CreateVmAsync(new Stamp(deleted.Instance, 1, 1));
        await destroyed;                                          // the sweep that saw both has acted

        Assert.That(World.Held(stranger), Is.EqualTo((0, 1, 0)));
        Assert.That((await World.InspectAsync()).Drift.Select(d => d.Name), Does.Contain(Marks.NameOf(stranger)));
    }

    [Test]
    public async Task What_is_listed_as_drift_is_told_upward_kept_over_a_restart_and_ends_when_somebody_sees_to_it()
    {
        var stranger = new InstanceId(Guid.NewGuid());
        await CreateVmAsync(new Stamp(stranger, 1, 1));
        await World.ParentCell.DriftAsync(rows => rows.Any(d => (d.What, d.Verdict, d.Name) == ("vm", "unknown", Marks.NameOf(stranger))));
        var first = (await World.Database.QueryAsync<string>("select body ->> 'first_seen' from shown_row where kind = 'drift'")).Single();

        await World.RestartCellAsync();
        var pool = await World.LogInAsync();
        var vm = (await pool.CallAsync(Vm.GetAllRecordsWhere(XenWhere.FieldIs("name__label", Marks.NameOf(stranger))), CancellationToken.None)).Single();
        await CreateVmAsync(new Stamp(new InstanceId(Guid.NewGuid()), 1, 1));
        await World.ParentCell.DriftAsync(rows => rows.Count == 2);
        Assert.That(await World.Database.QueryAsync<string>($"select body ->> 'first_seen' from shown_row where kind = 'drift' and body ->> 'name' = '{Marks.NameOf(stranger)}'"), Is.EqualTo(new[] { first }));
        await pool.CallAsync(Vm.Destroy(vm.Key), CancellationToken.None);

        await World.ParentCell.DriftAsync(rows => rows.Count == 1);
    }

    [Test]
    public async Task A_pool_is_shown_as_the_cell_stands_to_it_with_the_reason_and_the_moment_it_changed()
    {
        var managed = await World.ParentCell.PoolAsync(p => p is { Status: "managed", Members.Count: 1 });

        World.Fleet.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromHours(1)));
        var lost = await World.ParentCell.PoolAsync(p => p.Status == "connecting");
        World.Fleet.Inject(new SimFault.PowerOn("host-1"));
        var back = await World.ParentCell.PoolAsync(p => p.Status == "managed");

        Assert.That((managed.Pool, managed.Coordinator, managed.Members), Is.EqualTo((lost.Pool, "host-1", new[] { "host-1" })));
        Assert.That(managed.Why, Does.StartWith("connected to http://127.0.0.1"));
        Assert.That(lost.Why, Is.Not.Empty.And.Not.StartsWith("connected"));
        Assert.That((lost.Since > managed.Since, back.Since > lost.Since, back.Generation > lost.Generation), Is.EqualTo((true, true, true)));
    }

    [Test]
    public async Task A_clone_of_a_cached_image_that_nobody_stamped_is_condemned_and_then_destroyed()
    {
        var build = World.NewBuild();
        await World.BuildAsync(build);
        var pool = await World.LogInAsync();
        var cached = World.Fleet.Account().SelectMany(h => h.Disks).Single(d => d.Name == Marks.NameOf(build.Image.Id) && d.Managed);
        var destroyed = World.Wires.CountAsync("VDI.destroy", World.Wires.Count("VDI.destroy") + 1);

        await pool.CallAsync(Vdi.CloneFrom(await pool.CallAsync(Vdi.GetByUuid(Guid.Parse(cached.Uuid)), CancellationToken.None)), CancellationToken.None);
        Assert.That(World.Leftovers(), Has.Count.EqualTo(1));
        await destroyed;

        Assert.That(World.Leftovers(), Is.Empty);
        Assert.That(World.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That(World.Fleet.Account().SelectMany(h => h.Disks).Count(d => d.Uuid == cached.Uuid), Is.EqualTo(1));
    }

    [Test]
    public async Task Copies_that_somebody_makes_of_an_instances_VM_and_disk_are_left_alone()
    {
        var (build, deleted) = (World.NewBuild(), World.NewBuild());
        await World.BuildAsync(deleted);
        await World.DeleteAsync(deleted);
        await World.BuildAsync(build);
        var row = (await World.InspectAsync()).Instances.Single(i => i.Id == build.Instance);
        var pool = await World.LogInAsync();
        var destroyed = World.Wires.CountAsync("VM.destroy", World.Wires.Count("VM.destroy") + 1);

        await pool.CallAsync(Vdi.CloneFrom(await pool.CallAsync(Vdi.GetByUuid(row.Disks.Root!.Value), CancellationToken.None)), CancellationToken.None);
        await pool.CallAsync(Vm.Create(new NewVm("backup of web", "", 1, 512 * Units.Mib, Marks.Of(row.Stamp))), CancellationToken.None);
        await CreateVmAsync(new Stamp(deleted.Instance, 1, 1));
        await destroyed;                                          // the sweep that saw them all has acted

        Assert.That(World.Held(deleted.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(World.Held(build.Instance), Is.EqualTo((1, 2, 2)));
    }

    [Test]
    public async Task A_delete_takes_no_snapshot_and_no_copy_of_its_VM_or_disk_whatever_their_names_and_no_sweep_does_later()
    {
        var build = World.NewBuild();
        await World.BuildAsync(build);
        var row = (await World.InspectAsync()).Instances.Single(i => i.Id == build.Instance);
        var pool = await World.LogInAsync();
        var disk = await pool.CallAsync(Vdi.GetByUuid(row.Disks.Root!.Value), CancellationToken.None);
        await pool.CallAsync(new XenRequest<XenVoid>(
            new XenCall("VDI", "snapshot", 3, XenEffect.Changes, "rio"), [disk, new SortedDictionary<string, string>()], _ => default), CancellationToken.None);
        await pool.CallAsync(Vdi.CloneFrom(disk), CancellationToken.None);
        var copied = Marks.Of(row.Stamp);
        copied[Marks.Self] = row.Vm!.Value.ToString("D");
        await pool.CallAsync(Vm.Create(new NewVm(Marks.NameOf(build.Instance), "", 1, 512 * Units.Mib, copied)), CancellationToken.None);

        await World.DeleteAsync(build);
        Assert.That(World.Held(build.Instance), Is.EqualTo((0, 1, 2)), "somebody's copy of the VM, their clone and their snapshot of the disk");
        var destroyed = World.Wires.CountAsync("VM.destroy", World.Wires.Count("VM.destroy") + 1);
        await CreateVmAsync(row.Stamp);
        await destroyed;                                          // the sweep that saw them all has acted

        Assert.That(World.Held(build.Instance), Is.EqualTo((0, 1, 2)));
    }

    [Test]
    public async Task A_VM_and_a_disk_that_somebody_renamed_go_with_their_instance()
    {
        var build = World.NewBuild();
        await World.BuildAsync(build);
        var row = (await World.InspectAsync()).Instances.Single(i => i.Id == build.Instance);
        var pool = await World.LogInAsync();
        var vm = await pool.CallAsync(Vm.GetByUuid(row.Vm!.Value), CancellationToken.None);
        await pool.CallAsync(new XenRequest<XenVoid>(new XenCall("VM", "set_name_label", 3, XenEffect.Changes, "rio"), [vm, "web of ours"], XenVoid.Read), CancellationToken.None);
        await pool.CallAsync(Vdi.SetNameLabel(await pool.CallAsync(Vdi.GetByUuid(row.Disks.Root!.Value), CancellationToken.None), "disk of ours"), CancellationToken.None);

        await World.DeleteAsync(build);

        Assert.That(World.Held(build.Instance), Is.EqualTo((0, 0, 0)));
    }

    private async Task CreateVmAsync(Stamp stamp)
    {
        var pool = await World.LogInAsync();
        await pool.CallAsync(Vm.Create(new NewVm(Marks.NameOf(stamp.Instance), "made elsewhere", 1, 512 * Units.Mib, Marks.Of(stamp))), CancellationToken.None);
    }
}
