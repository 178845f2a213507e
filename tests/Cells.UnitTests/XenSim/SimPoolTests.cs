using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

/// <summary>A pool of three: who answers what, and what becomes of it when machines fail.</summary>
public sealed class SimPoolTests
{
    private const long Gib = 1L << 30;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly SimDriver _sim = Pool();

    [Test]
    public void A_member_names_the_coordinator_and_lives()
    {
        _sim.At = "host-2";

        Assert.That(Refused("session.login_with_password", "root", "secret").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.1]"));
        Assert.That(_sim.Refused("host.get_all").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.1]"));
        Assert.That(_sim.Call("system.isAlive", "x").GetString(), Is.EqualTo("x"));
        Assert.That(_sim.Call("system.listMethods").EnumerateArray().Select(m => m.GetString()), Does.Contain("VM.pool_migrate"));
    }

    [Test]
    public void One_database_shows_all_members_a_shared_repository_and_each_ones_own()
    {
        var srs = _sim.Ask("SR.get_all_records").EnumerateObject().Select(p => p.Value).ToList();
        var shared = srs.Single(s => s.GetProperty("shared").GetBoolean());

        Assert.That(_sim.Ask("host.get_all").GetArrayLength(), Is.EqualTo(3));
        Assert.That(srs.Where(s => !s.GetProperty("shared").GetBoolean()).Select(s => s.GetProperty("PBDs").GetArrayLength()), Is.EqualTo(new[] { 1, 1, 1 }));
        Assert.That((shared.GetProperty("type").GetString(), shared.GetProperty("PBDs").GetArrayLength()), Is.EqualTo(("nfs", 3)));
        Assert.That(_sim.LocalSr(), Is.EqualTo(_sim.Ask("SR.get_by_uuid", shared.GetProperty("uuid").GetString()!).GetString()), "the default");
    }

    [Test]
    public void A_disk_on_the_shared_repository_runs_anywhere_and_one_on_a_local_only_there()
    {
        var (vm, _) = Start("host-2");
        var other = _sim.Vm("local");
        _sim.Vbd(other, _sim.Ref("VDI.create", Disk(LocalSrOf("host-3"))));

        Assert.That(ResidentOn(vm), Is.EqualTo("host-2"));
        Assert.That(_sim.Refused("VM.start_on", other, HostRef("host-1"), false, false).Code, Is.EqualTo("VM_REQUIRES_SR"));
        _sim.Ask("VM.start_on", other, HostRef("host-3"), false, false);
        Assert.That(_sim.Refused("VM.pool_migrate", other, HostRef("host-1"), Live).Code, Is.EqualTo("VM_REQUIRES_SR"));
    }

    [Test]
    public void A_migration_counts_at_both_ends_shows_progress_and_ends_with_a_new_domain()
    {
        _sim.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.pool_migrate", new Latency.Uniform(10 * Second, 10 * Second))));
        var (vm, _) = Start("host-1");
        var (before1, before2) = (Free("host-1"), Free("host-2"));
        var domid = _sim.Ask("VM.get_domid", vm).GetInt64();

        var task = _sim.Ref("Async.VM.pool_migrate", vm, HostRef("host-2"), Live);
        _sim.Pass(5 * Second);

        Assert.That(_sim.Ask("VM.get_current_operations", vm).EnumerateObject().Single().Value.GetString(), Is.EqualTo("pool_migrate"));
        Assert.That(_sim.Ask("task.get_progress", task).GetDouble(), Is.EqualTo(0.4));
        Assert.That(Free("host-1"), Is.EqualTo(before1));
        Assert.That(Free("host-2"), Is.EqualTo(before2 - Gib - (12L << 20)));
        Assert.That(ResidentOn(vm), Is.EqualTo("host-1"));

        _sim.Pass(5 * Second);

        Assert.That(_sim.Ask("task.get_status", task).GetString(), Is.EqualTo("success"));
        Assert.That(ResidentOn(vm), Is.EqualTo("host-2"));
        Assert.That(Free("host-1"), Is.EqualTo(before1 + Gib + (12L << 20)));
        Assert.That(_sim.Ask("VM.get_current_operations", vm).EnumerateObject(), Is.Empty);
        Assert.That((_sim.Ask("VM.get_domid", vm).GetInt64(), domid), Is.EqualTo((1L, 1L)), "each host counts its own");
        Assert.That(Domains("host-1"), Is.Empty);
        Assert.That(Domains("host-2"), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_migration_that_cannot_be_is_refused_like_a_start()
    {
        var (vm, _) = Start("host-1", memory: 6 * Gib);
        Start("host-2", memory: 5 * Gib);
        _sim.Ask("host.disable", HostRef("host-3"));

        Assert.That(_sim.Refused("VM.pool_migrate", vm, HostRef("host-2"), Live).Code, Is.EqualTo("HOST_NOT_ENOUGH_FREE_MEMORY"));
        Assert.That(_sim.Refused("VM.pool_migrate", vm, HostRef("host-3"), Live).Code, Is.EqualTo("HOST_DISABLED"));
        _sim.Ask("VM.hard_shutdown", vm);
        Assert.That(_sim.Refused("VM.pool_migrate", vm, HostRef("host-2"), Live).Message, Is.EqualTo($"VM_BAD_POWER_STATE [{vm}, running, halted]"));
    }

    [Test]
    public void A_migration_that_breaks_half_way_leaves_the_vm_where_it_was_and_frees_the_destination()
    {
        _sim.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.pool_migrate", new Latency.Uniform(10 * Second, 10 * Second))));
        _sim.Inject(new SimFault.OnCall("VM.pool_migrate", FaultKind.FailHalfway, "VM_MIGRATE_FAILED", ["why"]));
        var (vm, _) = Start("host-1");
        var before = Free("host-2");

        var task = _sim.Ref("Async.VM.pool_migrate", vm, HostRef("host-2"), Live);
        _sim.Pass(4 * Second);
        Assert.That(_sim.Ask("task.get_status", task).GetString(), Is.EqualTo("pending"));
        _sim.Pass(Second);

        Assert.That(_sim.Ask("task.get_error_info", task).EnumerateArray().Select(e => e.GetString()), Is.EqualTo(new[] { "VM_MIGRATE_FAILED", "why" }));
        Assert.That((ResidentOn(vm), Free("host-2")), Is.EqualTo(("host-1", before)));
        _sim.Ask("VM.hard_shutdown", vm);
    }

    [TestCase("host-2")]
    [TestCase("host-3")]
    public void A_migration_fails_when_either_end_goes_silent(string gone)
    {
        _sim.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.pool_migrate", new Latency.Uniform(10 * Second, 10 * Second))));
        var (vm, _) = Start("host-2");
        var task = _sim.Ref("Async.VM.pool_migrate", vm, HostRef("host-3"), Live);

        _sim.Inject(new SimFault.PowerLoss(gone, TimeSpan.FromHours(1)));

        Assert.That(_sim.Ask("task.get_error_info", task)[0].GetString(), Is.EqualTo("CANNOT_CONTACT_HOST"));
        Assert.That((ResidentOn(vm), _sim.Ask("VM.get_current_operations", vm).EnumerateObject().Any()), Is.EqualTo(("host-2", false)));
    }

    [Test]
    public void A_host_is_emptied_by_migrations_and_names_what_cannot_go()
    {
        var (small, _) = Start("host-1");
        var local = _sim.Vm("local");
        _sim.Vbd(local, _sim.Ref("VDI.create", Disk(LocalSrOf("host-1"))));
        _sim.Ask("VM.start_on", local, HostRef("host-1"), false, false);

        var obstacles = _sim.Ask("host.get_vms_which_prevent_evacuation", HostRef("host-1")).EnumerateObject().Single();
        Assert.That((obstacles.Name, obstacles.Value[0].GetString()), Is.EqualTo((local, "VM_REQUIRES_SR")));
        Assert.That(_sim.Refused("host.evacuate", HostRef("host-1")).Code, Is.EqualTo("VM_REQUIRES_SR"));
        Assert.That(_sim.Refused("host.assert_can_evacuate", HostRef("host-1")).Parameters[0], Does.StartWith("VM_REQUIRES_SR,"));
        Assert.That(ResidentOn(small), Is.EqualTo("host-1"), "all or none");

        _sim.Ask("VM.hard_shutdown", local);
        _sim.Ask("host.disable", HostRef("host-1"));
        _sim.Ask("host.evacuate", HostRef("host-1"));

        Assert.That(Domains("host-1"), Is.Empty);
        Assert.That(ResidentOn(small), Is.Not.EqualTo("host-1"));
    }

    [Test]
    public void A_planned_change_of_coordinator_ends_all_sessions_and_the_old_one_names_the_new()
    {
        var (vm, _) = Start("host-3");
        _sim.Ask("pool.designate_new_master", HostRef("host-2"));
        _sim.Pass(TimeSpan.FromSeconds(5));

        Assert.That(Refused("session.login_with_password", "root", "secret").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.2]"));
        _sim.At = "host-3";
        Assert.That(Refused("session.login_with_password", "root", "secret").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.2]"));
        _sim.At = "host-2";
        Assert.That(_sim.Refused("host.get_all").Code, Is.EqualTo("SESSION_INVALID"));
        _sim.Session = _sim.Login();
        Assert.That(ResidentOn(vm), Is.EqualTo("host-3"));
        Assert.That(_sim.Ask("pool.get_master", _sim.Ask("pool.get_all")[0].GetString()).GetString(), Is.EqualTo(HostRef("host-2")));
    }

    [Test]
    public void Without_its_coordinator_a_pool_waits_in_emergency_until_a_member_is_made_one()
    {
        var (vm, _) = Start("host-1");
        var (kept, _) = Start("host-3");
        _sim.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromMinutes(30)));
        _sim.At = "host-2";

        Assert.That(_sim.Refused("host.get_all").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.1]"), "it has only just lost it");
        _sim.Pass(TimeSpan.FromSeconds(10));
        var answer = _sim.Answer(_sim.SendText("""{"method":"host.get_all","params":["x"],"id":7}"""))!;
        Assert.That(answer.Text, Is.EqualTo("""{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}"""));

        var local = _sim.Call("session.slave_local_login_with_password", "root", "secret").GetString();
        Assert.That(_sim.Call("host.is_in_emergency_mode", local).GetBoolean(), Is.True);
        _sim.Call("pool.emergency_transition_to_master", local);
        _sim.Pass(TimeSpan.FromSeconds(5));
        _sim.Session = _sim.Login();
        Assert.That(ResidentOn(vm), Is.EqualTo("host-1"), "nobody knows that it is dead");
        Assert.That(_sim.Ask("pool.recover_slaves").EnumerateArray().Select(h => h.GetString()), Is.EqualTo(new[] { HostRef("host-3") }));
        _sim.At = "host-3";
        Assert.That(_sim.Refused("host.get_all").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.2]"));

        _sim.At = "host-2";
        _sim.Pass(TimeSpan.FromMinutes(30));
        Assert.That((State(vm), State(kept)), Is.EqualTo(("Halted", "Running")), "the old coordinator booted, and found another one");
        _sim.At = "host-1";
        Assert.That(_sim.Refused("host.get_all").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.2]"));
    }

    [Test]
    public void A_coordinator_that_comes_back_ends_the_emergency()
    {
        _sim.Inject(new SimFault.CutNetwork("host-1", TimeSpan.FromMinutes(1)));
        _sim.At = "host-2";
        _sim.Pass(TimeSpan.FromSeconds(30));
        Assert.That(_sim.Answer(_sim.Send("host.get_all", "x"))!.Text, Does.Contain("HOST_STILL_BOOTING"));

        _sim.Pass(TimeSpan.FromSeconds(30));

        Assert.That(_sim.Refused("host.get_all").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.1]"));
    }

    [Test]
    public void What_a_cut_off_coordinator_was_doing_itself_goes_on_and_what_it_had_others_do_has_failed()
    {
        _sim.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(10 * Second, 10 * Second))));
        var (own, others, heard) = (_sim.Vm("own"), _sim.Vm("others"), _sim.Vm("heard"));
        var (ownTask, othersTask) = (_sim.Ref("Async.VM.start_on", own, HostRef("host-1"), false, false), _sim.Ref("Async.VM.start_on", others, HostRef("host-2"), false, false));
        var call = _sim.Send("VM.start_on", _sim.Session, heard, HostRef("host-1"), false, false);

        _sim.Inject(new SimFault.CutNetwork("host-1", TimeSpan.FromSeconds(30)));
        Assert.That(_sim.Answer(call)!.ConnectionLost, Is.True);
        _sim.Pass(30 * Second);

        Assert.That(_sim.Ask("task.get_status", ownTask).GetString(), Is.EqualTo("success"));
        Assert.That(_sim.Ask("task.get_error_info", othersTask)[0].GetString(), Is.EqualTo("CANNOT_CONTACT_HOST"));
        Assert.That((State(own), State(heard)), Is.EqualTo(("Running", "Running")));
        Assert.That(_sim.Ask("task.get_all_records").EnumerateObject().Select(t => t.Value.GetProperty("status").GetString()), Has.None.EqualTo("pending"));
    }

    [Test]
    public void A_former_coordinator_that_was_cut_off_meanwhile_is_a_member_when_it_is_heard_again()
    {
        _sim.Inject(new SimFault.CutNetwork("host-1", TimeSpan.FromMinutes(1)));
        _sim.Inject(new SimFault.ChangeCoordinator("host-3"));
        _sim.Pass(TimeSpan.FromMinutes(1));

        Assert.That(_sim.Refused("host.get_all").Message, Is.EqualTo("HOST_IS_SLAVE [10.0.0.3]"));
    }

    [Test]
    public void A_silent_members_vms_stay_as_they_were_until_it_is_known_what_became_of_them()
    {
        var (vm, _) = Start("host-2");
        _sim.Inject(new SimFault.PowerLoss("host-2", TimeSpan.FromHours(1)));

        Assert.That((State(vm), ResidentOn(vm)), Is.EqualTo(("Running", "host-2")));
        Assert.That(_sim.Core.Account()[1].Domains, Is.Empty, "but nothing runs there");
        Assert.That(_sim.Refused("VM.hard_shutdown", vm).Message, Is.EqualTo($"CANNOT_CONTACT_HOST [{HostRef("host-2")}]"));
        Assert.That(_sim.Refused("VM.power_state_reset", vm).Code, Is.EqualTo("HOST_IS_LIVE"));

        _sim.Pass(TimeSpan.FromMinutes(10));
        Assert.That(_sim.Refused("VM.hard_shutdown", vm).Code, Is.EqualTo("HOST_OFFLINE"));
        Assert.That(_sim.Refused("VM.start_on", _sim.Vm("other"), HostRef("host-2"), false, false).Code, Is.EqualTo("HOST_NOT_LIVE"));
        _sim.Ask("VM.power_state_reset", vm);
        _sim.Ask("VM.start_on", vm, HostRef("host-3"), false, false);
        Assert.That(ResidentOn(vm), Is.EqualTo("host-3"));

        _sim.Inject(new SimFault.PowerOn("host-2"));
        Assert.That((State(vm), ResidentOn(vm)), Is.EqualTo(("Running", "host-3")));
        _sim.Ask("VM.start_on", _sim.Vm("another"), HostRef("host-2"), false, false);
    }

    [Test]
    public void A_members_restart_fails_what_it_was_doing_and_nothing_else()
    {
        _sim.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(10 * Second, 10 * Second))));
        var (a, b) = (_sim.Vm("a"), _sim.Vm("b"));
        var (at2, at3) = (_sim.Ref("Async.VM.start_on", a, HostRef("host-2"), false, false), _sim.Ref("Async.VM.start_on", b, HostRef("host-3"), false, false));

        _sim.Inject(new SimFault.RestartToolstack("host-2", TimeSpan.FromSeconds(20)));
        _sim.Pass(10 * Second);

        Assert.That(_sim.Ask("task.get_error_info", at2)[0].GetString(), Is.EqualTo("CANNOT_CONTACT_HOST"));
        Assert.That(_sim.Ask("task.get_status", at3).GetString(), Is.EqualTo("success"));
    }

    [Test]
    public void A_machine_joins_and_an_empty_one_is_ejected()
    {
        var (vm, _) = Start("host-3");
        _sim.Inject(new SimFault.JoinHost("host-4"));
        Assert.That(_sim.Ask("host.get_all").GetArrayLength(), Is.EqualTo(4));
        _sim.Ask("VM.pool_migrate", vm, HostRef("host-4"), Live);

        Assert.That(_sim.Refused("pool.eject", HostRef("host-4")).Code, Is.EqualTo("HOST_HAS_RESIDENT_VMS"));
        Assert.That(_sim.Refused("pool.eject", HostRef("host-1")).Code, Is.EqualTo("OPERATION_NOT_ALLOWED"));
        _sim.Ask("pool.eject", HostRef("host-3"));

        Assert.That(_sim.Ask("host.get_all").GetArrayLength(), Is.EqualTo(3));
        Assert.That(_sim.Ask("SR.get_all").GetArrayLength(), Is.EqualTo(4), "a shared one, and one for each member");
        Assert.That(_sim.Ask("host_metrics.get_all").GetArrayLength(), Is.EqualTo(3));
        _sim.At = "host-3";
        Assert.That(_sim.Answer(_sim.Send("system.isAlive", "x"))!.ConnectionLost, Is.True);
    }

    [Test]
    public void An_image_for_a_members_own_repository_is_sent_there()
    {
        var disk = _sim.Ref("VDI.create", Disk(LocalSrOf("host-2")));
        var task = _sim.Ref("task.create", "import", "");
        var target = $"/import_raw_vdi?session_id={_sim.Session}&task_id={task}&vdi={disk}&format=raw";

        var moved = _sim.Put(target, new byte[2 << 20]);
        Assert.That((moved.Status, moved.MovedTo), Is.EqualTo((302, "host-2")));
        _sim.At = "host-2";
        Assert.That(_sim.Put(target, new byte[2 << 20]).Status, Is.EqualTo(200));

        _sim.At = "host-1";
        Assert.That(_sim.Ask("task.get_status", task).GetString(), Is.EqualTo("success"));
    }

    private static readonly JsonObject Live = new() { ["live"] = "true" };

    private static SimDriver Pool() => new(new XenSimCore(
        new PoolShape
        {
            Name = "pool",
            RootPassword = "secret",
            SharedStorageBytes = 1024 * Gib,
            Hosts = [.. Enumerable.Range(1, 4).Select(i => new HostShape
            {
                Name = $"host-{i}", Address = $"10.0.0.{i}", MemoryBytes = 10 * Gib, ControlDomainBytes = Gib, Spare = i == 4,
            })],
        },
        new XenSimOptions(), seed: 3, SimDriver.Start));

    private (string Vm, string Vdi) Start(string host, long memory = Gib)
    {
        var (vm, vdi) = (_sim.Vm(memory: memory), _sim.Disk());
        _sim.Vbd(vm, vdi);
        _sim.Ask("VM.start_on", vm, HostRef(host), false, false);
        return (vm, vdi);
    }

    private static JsonObject Disk(string sr) => new()
    {
        ["name_label"] = "disk", ["SR"] = sr, ["virtual_size"] = 4 << 20, ["type"] = "user", ["sharable"] = false, ["read_only"] = false, ["other_config"] = new JsonObject(),
    };

    private XenApiError Refused(string method, params object?[] args) => Assert.Throws<XenApiError>(() => _sim.Call(method, args))!;

    private string HostRef(string name) => _sim.Ask("host.get_by_name_label", name)[0].GetString()!;

    private string LocalSrOf(string host)
    {
        var pbds = _sim.Ask("host.get_PBDs", HostRef(host)).EnumerateArray().Select(p => _sim.Ref("PBD.get_SR", p.GetString()));
        return pbds.Single(sr => !_sim.Ask("SR.get_shared", sr).GetBoolean());
    }

    private long Free(string host) => _sim.Ask("host.compute_free_memory", HostRef(host)).GetInt64();

    private string State(string vm) => _sim.Ask("VM.get_power_state", vm).GetString()!;

    private string ResidentOn(string vm) => _sim.Ask("host.get_name_label", _sim.Ask("VM.get_resident_on", vm).GetString()).GetString()!;

    private IReadOnlyList<DomainAccount> Domains(string host) => _sim.Core.Account().Single(a => a.Name == host).Domains;
}
