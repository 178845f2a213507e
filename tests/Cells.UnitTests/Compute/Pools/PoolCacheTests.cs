using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Pools;

public sealed class PoolCacheTests
{
    private static readonly InstanceId Instance = new(Guid.Parse("aaaaaaaa-0000-0000-0000-000000000001"));
    private static readonly HostId HostOne = new(Guid.Parse("bbbbbbbb-0000-0000-0000-000000000001"));
    private static readonly SrId SrOne = new(Guid.Parse("cccccccc-0000-0000-0000-000000000001"));
    private static readonly Guid VmOne = Guid.Parse("dddddddd-0000-0000-0000-000000000001");
    private static readonly Guid VdiOne = Guid.Parse("eeeeeeee-0000-0000-0000-000000000001");
    private static readonly PoolId PoolOne = new(Guid.Parse("ffffffff-0000-0000-0000-000000000001"));

    private readonly PoolCache _pool = Apply(
        PoolCache.Empty(PoolOne, HostAddress.Parse("http://10.0.0.1:8080")),
        Add("host", "h1", HostRecord(enabled: true)),
        Add("host_metrics", "m1", new HostMetrics(Guid.NewGuid(), 16L << 30, 0, Live: true)),
        Add("sr", "s1", new Sr(SrOne.Value, "local", "ext", "user", false, 1000, 0, 0, [], Map())),
        Add("pbd", "p1", new Pbd(Guid.NewGuid(), new("h1"), new("s1"), CurrentlyAttached: true)));

    [Test]
    public void A_host_has_the_memory_that_its_hypervisor_leaves()
    {
        var host = _pool.ShowAll(epoch: 3).Hosts.Single();

        Assert.That(host.Host, Is.EqualTo(HostOne));
        Assert.That(host.MemoryBytes, Is.EqualTo(15L << 30));
        Assert.That(host.Cpus, Is.EqualTo(8));
        Assert.That(host.Address.ToString(), Is.EqualTo("http://10.0.0.2:8080"));
    }

    [Test]
    public void An_sr_is_seen_by_the_hosts_where_it_is_plugged()
    {
        Assert.That(_pool.ShowAll(1).Srs.Single().SeenBy, Is.EqualTo(new[] { HostOne }));

        var events = new[] { Mod("pbd", "p1", new Pbd(Guid.NewGuid(), new("h1"), new("s1"), CurrentlyAttached: false)) };
        var shown = Changes(_pool, events);

        Assert.That(shown.Single(), Is.TypeOf<SrShown>());
        Assert.That(((SrShown)shown.Single()).Sr.SeenBy, Is.Empty);
    }

    [Test]
    public void An_sr_that_is_forgotten_is_gone_and_told_once()
    {
        var events = new[] { Del("pbd", "p1"), Del("sr", "s1") };

        Assert.That(Changes(_pool, events), Is.EqualTo(new object[] { new SrGone(PoolOne, SrOne) }));
        Assert.That(Changes(Apply(_pool, events), [Del("sr", "s1")]), Is.Empty);
    }

    [Test]
    public void A_stamped_vm_is_shown_found_and_gone()
    {
        var added = Add("vm", "v1", VmRecord(Stamped(), VmPowerState.Halted));
        var with = Apply(_pool, added);

        var shown = (VmShown)Changes(_pool, [added]).Single();
        var gone = (VmGone)Changes(with, [Del("vm", "v1")]).Single();

        Assert.That((shown.Vm.Stamp.Instance, shown.Vm.Stamp.Epoch, shown.Vm.Stamp.Attempt), Is.EqualTo((Instance, 4L, 2)));
        Assert.That(with.FindVmsByInstance(Instance).Single(), Is.EqualTo(shown.Vm));
        Assert.That((gone.Last, gone.Why), Is.EqualTo((shown.Vm, Departure.Destroyed)));
        Assert.That(Apply(with, Del("vm", "v1")).FindVmsByInstance(Instance), Is.Empty);
    }

    [Test]
    public void A_vm_that_loses_its_stamp_is_told_apart_from_one_destroyed()
    {
        var with = Apply(_pool, Add("vm", "v1", VmRecord(Stamped(), VmPowerState.Running)));

        var gone = (VmGone)Changes(with, [Mod("vm", "v1", VmRecord(Map(), VmPowerState.Running))]).First();

        Assert.That(gone.Why, Is.EqualTo(Departure.Unstamped));
    }

    [Test]
    public void Snapshots_and_templates_of_ours_are_not_instances()
    {
        var events = new[]
        {
            Add("vm", "v2", VmRecord(Stamped(), VmPowerState.Halted) with { IsASnapshot = true }),
            Add("vm", "v3", VmRecord(Stamped(), VmPowerState.Halted) with { IsATemplate = true }),
        };

        Assert.That(Changes(_pool, events), Is.Empty);
        Assert.That(Apply(_pool, events).FindVmsByInstance(Instance), Is.Empty);
    }

    [Test]
    public void Nothing_is_told_of_a_change_that_we_do_not_show()
    {
        var with = Apply(_pool, Add("vm", "v1", VmRecord(Stamped(), VmPowerState.Running)));

        Assert.That(Changes(with, [Mod("vm", "v1", VmRecord(Stamped(), VmPowerState.Running) with { Vbds = [new("b")] })]), Is.Empty);
    }

    [Test]
    public void A_change_of_metrics_shows_the_host()
    {
        var shown = (HostShown)Changes(_pool, [Mod("host_metrics", "m1", new HostMetrics(Guid.NewGuid(), 8L << 30, 0, Live: false))]).Single();

        Assert.That((shown.Host.Host, shown.Host.Live, shown.Host.MemoryBytes), Is.EqualTo((HostOne, false, 7L << 30)));
    }

    [Test]
    public void What_others_use_is_counted_where_it_is_used()
    {
        var cache = Apply(
            _pool,
            Add("vm", "dom0", VmRecord(Map(), VmPowerState.Running) with { IsControlDomain = true, VcpusMax = 8, MemoryDynamicMin = 2L << 30, MemoryOverhead = 1 }),
            Add("vm", "theirs", VmRecord(Map(), VmPowerState.Running) with { VcpusMax = 2, MemoryDynamicMin = 1L << 30, MemoryOverhead = 0 }),
            Add("vm", "halted", VmRecord(Map(), VmPowerState.Halted) with { ResidentOn = XenRef<Cells.Compute.XenApi.Host>.Null }),
            Add("vm", "starting", VmRecord(Map(), VmPowerState.Halted) with
            {
                ResidentOn = XenRef<Cells.Compute.XenApi.Host>.Null, ScheduledToBeResidentOn = new("h1"), VcpusMax = 1, MemoryDynamicMin = 1L << 20, MemoryOverhead = 0,
            }),
            Add("vm", "ours", VmRecord(Stamped(), VmPowerState.Running)),
            Add("vdi", "d1", VdiRecord(Map(), 100)),
            Add("vdi", "d2", VdiRecord(Map(), 7) with { Managed = false }),
            Add("vdi", "d3", VdiRecord(Stamped(), 1000)));

        var outside = cache.Outside();

        Assert.That(outside.Hosts, Is.EqualTo(new[] { new OutsideOfHost(HostOne, Vcpus: 3, MemoryMib: 2049 + 1024 + 1) }));
        Assert.That(outside.Srs, Is.EqualTo(new[] { new OutsideOfSr(SrOne, 100) }));
    }

    [Test]
    public void A_disk_that_copied_its_marks_from_one_of_ours_is_outside()
    {
        var own = new SortedDictionary<string, string>(Stamped().ToDictionary()) { ["cells-self"] = VdiOne.ToString() };
        var copied = new SortedDictionary<string, string>(own) { ["cells-self"] = Guid.Parse("eeeeeeee-0000-0000-0000-000000000002").ToString() };

        Assert.That(Changes(_pool, [Add("vdi", "d1", VdiRecord(own, 100))]).Single(), Is.TypeOf<VdiShown>());
        Assert.That(Changes(_pool, [Add("vdi", "d1", VdiRecord(copied, 100))]), Is.Empty);
        Assert.That(Apply(_pool, Add("vdi", "d1", VdiRecord(copied, 100))).Outside().Srs, Is.EqualTo(new[] { new OutsideOfSr(SrOne, 100) }));
    }

    [Test]
    public void A_stamped_disk_is_shown_with_its_sr_and_gone()
    {
        var added = Add("vdi", "d1", VdiRecord(Stamped(), 1 << 20));
        var with = Apply(_pool, added);

        var shown = (VdiShown)Changes(_pool, [added]).Single();
        var gone = (VdiGone)Changes(with, [Del("vdi", "d1")]).Single();

        Assert.That((shown.Vdi.Sr, shown.Vdi.VirtualBytes, shown.Vdi.InUse), Is.EqualTo(((SrId?)SrOne, 1L << 20, false)));
        Assert.That(gone.Last, Is.EqualTo(shown.Vdi));
    }

    [Test]
    public void A_host_that_leaves_the_pool_is_gone() =>
        Assert.That(Changes(_pool, [Del("host", "h1")]).Single(), Is.EqualTo(new HostGone(PoolOne, HostOne)));

    [Test]
    public void A_host_without_an_address_is_shown_at_one_that_never_answers()
    {
        var shown = (HostShown)Changes(_pool, [Mod("host", "h1", HostRecord(enabled: true) with { Address = "" })]).Single();

        Assert.That(shown.Host.Address.Host, Is.EqualTo("no-address.invalid"));
    }

    private static List<object> Changes(PoolCache before, IReadOnlyList<XenEvent> events) => [.. ShowChanges.Between(before, Apply(before, [.. events]), events)];

    private static PoolCache Apply(PoolCache cache, params XenEvent[] events) => events.Aggregate(cache, (soFar, e) => soFar.On(e));

    private static XenEvent Add(string name, string reference, object record) => new(name, XenOperation.Add, reference, record);

    private static XenEvent Mod(string name, string reference, object record) => new(name, XenOperation.Mod, reference, record);

    private static XenEvent Del(string name, string reference) => new(name, XenOperation.Del, reference, null);

    private static SortedDictionary<string, string> Map(params (string Key, string Value)[] pairs) => new(pairs.ToDictionary(p => p.Key, p => p.Value));

    private static SortedDictionary<string, string> Stamped() => Map(("cells-instance", Instance.ToString()), ("cells-epoch", "4"), ("cells-attempt", "2"));

    private static Cells.Compute.XenApi.Host HostRecord(bool enabled) =>
        new(HostOne.Value, "one", "one", "10.0.0.2", enabled, 1L << 30, 2, 21, Map(), Map(("cpu_count", "8")), new("m1"), Map());

    private static Vm VmRecord(IReadOnlyDictionary<string, string> config, VmPowerState state) => new(
        VmOne, "vm", state, 1, Map(), false, false, false, new("h1"), XenRef<Cells.Compute.XenApi.Host>.Null, 512L << 20, 512L << 20, 12L << 20, 1, [], [], config, XenRef<VmMetrics>.Null);

    private static Vdi VdiRecord(IReadOnlyDictionary<string, string> config, long size) => new(VdiOne, "disk", new("s1"), size, 0, true, false, [], config);
}
