using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Hosts;

/// <summary>A freshly installed pool: the records that a host shows before anybody has used it.</summary>
internal static class Installation
{
    private const string SoftwareVersion = "8.4.0";

    public static void Install(SimPool pool)
    {
        var database = pool.Database;
        var record = database.Create("pool", ("name_label", pool.Shape.Name), ("policy_no_vendor_device", Boxed.False));
        var network = database.Create("network", ("name_label", "Pool-wide network associated with eth0"), ("bridge", "xenbr0"));
        database.Create("network", ("name_label", "Host internal management network"), ("bridge", "xenapi"),
            ("other_config", StringMap.Of(("is_guest_installer_network", "true"), ("is_host_internal_management_network", "true"))));
        AddDriver(database, "ext", "Local EXT3 VHD", "EXTSR");
        AddDriver(database, "nfs", "NFS VHD", "NFSSR");
        AddTemplate(database);
        if (pool.Shape.SharedStorageBytes > 0)
            AddRepository(database, "Shared storage", "nfs", pool.Shape.SharedStorageBytes, shared: true);
        var hosts = pool.Shape.Hosts.Where(h => !h.Spare).Select(shape => Join(pool, shape)).ToList();
        record.Put("master", hosts[0].Ref);
        record.Put("cpu_info", hosts[0].Map("cpu_info"));

        // A local repository makes sense as everybody's default on a standalone host only.
        var common = Shared(database).FirstOrDefault()?.Ref ?? (hosts.Count == 1 ? hosts[0].Text("suspend_image_sr") : Refs.Null);
        foreach (var field in new[] { "default_SR", "suspend_image_SR", "crash_dump_SR" }) record.Put(field, common);
    }

    /// <summary>The records of a machine that becomes a member: host, CPUs, network card, local repository, control domain, and a plug for each shared repository.</summary>
    public static SimObject Join(SimPool pool, HostShape shape)
    {
        var database = pool.Database;
        var network = database.All("network").First(n => n.Text("bridge") == "xenbr0");
        var now = XapiTime.Of(pool.Now);
        var boot = pool.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + ".";
        var metrics = database.Create("host_metrics", ("memory_total", shape.MemoryBytes), ("live", Boxed.True), ("last_updated", now));
        var record = database.Create("host",
            ("name_label", shape.Name), ("hostname", shape.Name), ("address", shape.Address), ("enabled", Boxed.True), ("metrics", metrics.Ref),
            ("memory_overhead", shape.MemoryOverheadBytes), ("API_version_major", 2L), ("API_version_minor", 23L), ("API_version_vendor", "XenSource"),
            ("software_version", StringMap.Of(("product_brand", "XenServer"), ("product_version", SoftwareVersion), ("product_version_text", "8"),
                ("platform_name", "XCP"), ("platform_version", "3.4.0"), ("xapi", "26.17"), ("xapi_build", "26.17.0"), ("xen", "4.17.5"),
                ("linux", "4.19.0+1"), ("hostname", "localhost"), ("date", "2026-08-12"), ("build_number", "cloud"))),
            ("other_config", StringMap.Of(("boot_time", boot), ("agent_start_time", boot), ("iscsi_iqn", $"iqn.2026-01.com.example:{shape.Name}"))),
            ("capabilities", new[] { "xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64" }),
            ("cpu_info", CpuInfo(shape)), ("sched_policy", "credit"), ("supported_bootloaders", new[] { "pygrub", "eliloader" }),
            ("edition", "xcp-ng"), ("virtual_hardware_platform_versions", new[] { "0", "1", "2" }), ("ssl_legacy", Boxed.False));
        for (var cpu = 0; cpu < shape.PhysicalCpus; cpu++)
            database.Create("host_cpu", ("host", record.Ref), ("number", (long)cpu), ("vendor", "GenuineIntel"), ("speed", 2400L), ("modelname", "Simulated CPU"));
        AddNetworkCard(database, record, shape, network);
        if (shape.LocalStorageBytes > 0)
        {
            var sr = AddRepository(database, "Local storage", "ext", shape.LocalStorageBytes, shared: false);
            Plug(database, sr, record, ("device", "/dev/sda3"));
            record.Put("suspend_image_sr", sr.Ref);
            record.Put("crash_dump_sr", sr.Ref);
        }
        foreach (var sr in Shared(database).ToList()) Plug(database, sr, record, ("server", "nfs.example"), ("serverpath", "/vms"));
        AddControlDomain(pool, record, shape);
        AllowedOperations.Refresh(pool, record);
        return record;
    }

    private static IEnumerable<SimObject> Shared(Database database) => database.All("SR").Where(s => s.Flag("shared"));

    private static StringMap CpuInfo(HostShape shape) => StringMap.Of(
        ("cpu_count", shape.PhysicalCpus.ToString(CultureInfo.InvariantCulture)), ("socket_count", "1"), ("threads_per_core", "1"),
        ("vendor", "GenuineIntel"), ("speed", "2400.000"), ("modelname", "Simulated CPU"), ("family", "6"), ("model", "85"), ("stepping", "4"),
        ("flags", "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush mmx fxsr sse sse2 ht syscall nx lm constant_tsc pni ssse3 cx16 sse4_1 sse4_2 popcnt aes xsave avx hypervisor"),
        ("features_hvm", "1fcbfbff-f7fa3223-2d93fbff-00000123"), ("features_pv", "1fc9cbf5-f6f83203-28100800-00000023"));

    private static void AddNetworkCard(Database database, SimObject host, HostShape shape, SimObject network)
    {
        var metrics = database.Create("PIF_metrics", ("carrier", Boxed.True), ("speed", 10_000L), ("duplex", Boxed.True), ("device_name", "eth0"));
        database.Create("PIF", ("device", "eth0"), ("network", network.Ref), ("host", host.Ref), ("MAC", database.Ids.NextMac()), ("MTU", 1500L),
            ("VLAN", -1L), ("metrics", metrics.Ref), ("physical", Boxed.True), ("currently_attached", Boxed.True), ("ip_configuration_mode", "Static"),
            ("IP", shape.Address), ("netmask", "255.255.255.0"), ("management", Boxed.True));
    }

    private static SimObject AddRepository(Database database, string name, string type, long size, bool shared)
    {
        var sr = database.Create("SR", ("name_label", name), ("type", type), ("content_type", "user"), ("physical_size", size), ("shared", Boxed.Bool(shared)),
            ("sm_config", shared ? StringMap.Empty : StringMap.Of(("devserial", ""))));
        sr.Put("allowed_operations", Storage.SrMethods.Allowed(sr));
        return sr;
    }

    private static void Plug(Database database, SimObject sr, SimObject host, params (string Key, string Value)[] config) =>
        database.Create("PBD", ("host", host.Ref), ("SR", sr.Ref), ("currently_attached", Boxed.True), ("device_config", StringMap.Of(config)));

    private static void AddDriver(Database database, string type, string label, string driver) =>
        database.Create("SM", ("type", type), ("name_label", label), ("vendor", "Citrix Systems Inc"), ("driver_filename", $"/opt/xensource/sm/{driver}"),
            ("version", "1.0"), ("required_api_version", "1.0"),
            ("features", Features("SR_PROBE", "VDI_CREATE", "VDI_DELETE", "VDI_ATTACH", "VDI_DETACH", "VDI_CLONE", "VDI_SNAPSHOT", "VDI_RESIZE", "SR_SCAN")));

    /// <summary>The control domain is a VM like others in the record, and its memory counts.</summary>
    private static void AddControlDomain(SimPool pool, SimObject host, HostShape shape)
    {
        var database = pool.Database;
        var vcpus = Math.Min(16, shape.PhysicalCpus);
        var metrics = database.Create("VM_metrics", ("memory_actual", shape.ControlDomainBytes), ("VCPUs_number", (long)vcpus),
            ("start_time", XapiTime.Of(pool.Now)), ("install_time", XapiTime.Of(pool.Now)), ("last_updated", XapiTime.Of(pool.Now)), ("current_domain_type", "pv"));
        var domain = database.Create("VM", ("name_label", $"Control domain on host: {shape.Name}"), ("is_control_domain", Boxed.True), ("power_state", "Running"),
            ("domid", 0L), ("resident_on", host.Ref), ("affinity", host.Ref), ("domain_type", "pv"), ("metrics", metrics.Ref),
            ("memory_static_min", shape.ControlDomainBytes), ("memory_dynamic_min", shape.ControlDomainBytes), ("memory_target", shape.ControlDomainBytes),
            ("memory_dynamic_max", shape.ControlDomainBytes), ("memory_static_max", shape.ControlDomainBytes),
            ("VCPUs_max", (long)vcpus), ("VCPUs_at_startup", (long)vcpus), ("actions_after_crash", "restart"));
        host.Put("control_domain", domain.Ref);
        AllowedOperations.Refresh(pool, domain);
    }

    private static void AddTemplate(Database database)
    {
        var metrics = database.Create("VM_metrics", ("start_time", XapiTime.Never), ("install_time", XapiTime.Never), ("last_updated", XapiTime.Never));
        database.Create("VM", ("name_label", "Other install media"), ("name_description", "Template which allows VM installation from install media"),
            ("is_a_template", Boxed.True), ("is_default_template", Boxed.True), ("domid", -1L), ("metrics", metrics.Ref), ("domain_type", "hvm"),
            ("memory_static_min", 16L << 20), ("memory_dynamic_min", 256L << 20), ("memory_dynamic_max", 256L << 20), ("memory_static_max", 256L << 20),
            ("VCPUs_max", 1L), ("VCPUs_at_startup", 1L), ("HVM_boot_policy", "BIOS order"), ("HVM_boot_params", StringMap.Of(("order", "dc"))),
            ("platform", StringMap.Of(("acpi", "true"), ("apic", "true"), ("pae", "true"), ("nx", "true"), ("viridian", "true"))),
            ("other_config", StringMap.Of(("default_template", "true"), ("mac_seed", database.Ids.NextUuid()))),
            ("actions_after_reboot", "restart"), ("actions_after_crash", "restart"), ("allowed_operations", new[] { "changing_dynamic_range", "clone", "copy", "export", "provision" }));
    }

    private static StringMap Features(params string[] names) => StringMap.From(names.Select(n => KeyValuePair.Create(n, "1")));
}
