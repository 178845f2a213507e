namespace Cells.Compute.XenApi;

/// <summary>XenAPI's vm_power_state. Other is a word of a newer release.</summary>
public enum VmPowerState
{
    Other = 0,
    Halted = 1,
    Paused = 2,
    Running = 3,
    Suspended = 4,
}

/// <summary>XenAPI class VM. Bytes.</summary>
/// <param name="ResidentOn">Null unless it has a domain (running or paused).</param>
/// <param name="ScheduledToBeResidentOn">Set while it is being started or moved there: its memory is reserved.</param>
/// <param name="Domid">Of its domain, another one with every boot; -1 without one.</param>
/// <param name="CurrentOperations">What is being done to it: the operation by the reference of its task.</param>
/// <param name="MemoryOverhead">What the hypervisor takes for it besides its own memory.</param>
public sealed record Vm(
    Guid Uuid,
    string NameLabel,
    VmPowerState PowerState,
    long Domid,
    IReadOnlyDictionary<string, string> CurrentOperations,
    bool IsATemplate,
    bool IsASnapshot,
    bool IsControlDomain,
    XenRef<Host> ResidentOn,
    XenRef<Host> ScheduledToBeResidentOn,
    long MemoryDynamicMin,
    long MemoryStaticMax,
    long MemoryOverhead,
    long VcpusMax,
    IReadOnlyList<XenRef<Vbd>> Vbds,
    IReadOnlyList<XenRef<Vif>> Vifs,
    IReadOnlyDictionary<string, string> OtherConfig,
    XenRef<VmMetrics> Metrics) : IXenRecord<Vm>
{
    public static string ClassName => "VM";

    public static Vm Read(IXenFields f) => new(
        f.Uuid(), f.Text("name_label"), f.Word("power_state", "vm_power_state", VmPowerState.Other), f.Whole("domid"), f.Words("current_operations", "vm_operations"),
        f.Bool("is_a_template"), f.Bool("is_a_snapshot"), f.Bool("is_control_domain"), f.Ref<Host>("resident_on"), f.Ref<Host>("scheduled_to_be_resident_on"), f.Whole("memory_dynamic_min"),
        f.Whole("memory_static_max"), f.Whole("memory_overhead"), f.Whole("VCPUs_max"), f.Refs<Vbd>("VBDs"), f.Refs<Vif>("VIFs"), f.Map("other_config"),
        f.Ref<VmMetrics>("metrics"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Vm>, Vm>>> GetAllRecords() => Generated.Records<Vm>(XenCalls.VmGetAllRecords);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Vm>, Vm>>> GetAllRecordsWhere(XenWhere where) =>
        Generated.Records<Vm>(XenCalls.VmGetAllRecordsWhere, where.Expression);

    public static XenRequest<Vm> GetRecord(XenRef<Vm> self) => Generated.Record(XenCalls.VmGetRecord, self);

    /// <summary>Refused with UUID_INVALID when there is none.</summary>
    public static XenRequest<XenRef<Vm>> GetByUuid(Guid uuid) => Generated.Ref<Vm>(XenCalls.VmGetByUuid, uuid.ToString("D"));

    public static XenRequest<IReadOnlyList<XenRef<Vm>>> GetByNameLabel(string label) => new(XenCalls.VmGetByNameLabel, [label], v => v.Refs<Vm>());

    public static XenRequest<XenRef<Vm>> Create(NewVm vm) => Generated.Ref<Vm>(XenCalls.VmCreate, vm.ToRecord());

    /// <summary>Refused with MAP_DUPLICATE_KEY when the key is there.</summary>
    public static XenRequest<XenVoid> AddToOtherConfig(XenRef<Vm> self, string key, string value) =>
        Generated.Void(XenCalls.VmAddToOtherConfig, self, key, value);

    /// <summary>Halted or suspended VMs only. Removes VBDs and VIFs, never the disks.</summary>
    public static XenRequest<XenVoid> Destroy(XenRef<Vm> self) => Generated.Void(XenCalls.VmDestroy, self);

    public static XenRequest<XenVoid> StartOn(XenRef<Vm> vm, XenRef<Host> host, bool startPaused, bool force) =>
        Generated.Void(XenCalls.VmStartOn, vm, host, startPaused, force);

    public static XenRequest<XenVoid> Unpause(XenRef<Vm> vm) => Generated.Void(XenCalls.VmUnpause, vm);

    /// <summary>Refused with VM_BAD_POWER_STATE when it is halted already.</summary>
    public static XenRequest<XenVoid> HardShutdown(XenRef<Vm> vm) => Generated.Void(XenCalls.VmHardShutdown, vm);

    /// <summary>Asks the guest. Refused with VM_LACKS_FEATURE when it has no tools for it; may end only when the host gives up, after 20 minutes.</summary>
    public static XenRequest<XenVoid> CleanShutdown(XenRef<Vm> vm) => Generated.Void(XenCalls.VmCleanShutdown, vm);

    /// <summary>As <see cref="CleanShutdown"/>; it runs on in another domain.</summary>
    public static XenRequest<XenVoid> CleanReboot(XenRef<Vm> vm) => Generated.Void(XenCalls.VmCleanReboot, vm);

    /// <summary>Running or paused VMs; ends whatever the guest was asked for. It runs on in another domain.</summary>
    public static XenRequest<XenVoid> HardReboot(XenRef<Vm> vm) => Generated.Void(XenCalls.VmHardReboot, vm);

    public static XenRequest<XenVoid> Pause(XenRef<Vm> vm) => Generated.Void(XenCalls.VmPause, vm);

    /// <summary>Writes its memory to a disk of the pool's suspend SR. Refused with VM_LACKS_FEATURE, VM_NO_SUSPEND_SR.</summary>
    public static XenRequest<XenVoid> Suspend(XenRef<Vm> vm) => Generated.Void(XenCalls.VmSuspend, vm);

    public static XenRequest<XenVoid> ResumeOn(XenRef<Vm> vm, XenRef<Host> host, bool startPaused, bool force) =>
        Generated.Void(XenCalls.VmResumeOn, vm, host, startPaused, force);

    /// <summary>
    /// To another host of its pool while it runs; its disks must be on SRs plugged into both. Refused with VM_REQUIRES_SR, HOST_NOT_ENOUGH_FREE_MEMORY,
    /// VM_MIGRATE_FAILED: it runs on where it was.
    /// </summary>
    public static XenRequest<XenVoid> PoolMigrate(XenRef<Vm> vm, XenRef<Host> host) =>
        Generated.Void(XenCalls.VmPoolMigrate, vm, host, new SortedDictionary<string, string>(StringComparer.Ordinal) { ["live"] = "true" });

    /// <summary>Halted VMs only; never below VCPUs_at_startup.</summary>
    public static XenRequest<XenVoid> SetVcpusMax(XenRef<Vm> self, int value) => Generated.Void(XenCalls.VmSetVcpusMax, self, (long)value);

    /// <summary>Halted VMs only; never above VCPUs_max.</summary>
    public static XenRequest<XenVoid> SetVcpusAtStartup(XenRef<Vm> self, int value) => Generated.Void(XenCalls.VmSetVcpusAtStartup, self, (long)value);

    /// <summary>Halted VMs only: static minimum 0, and no ballooning, as <see cref="NewVm"/> has it.</summary>
    /// <param name="bytes">What it has.</param>
    public static XenRequest<XenVoid> SetMemoryLimits(XenRef<Vm> self, long bytes) => Generated.Void(XenCalls.VmSetMemoryLimits, self, 0L, bytes, bytes, bytes);

    /// <summary>
    /// Says that a VM whose host is gone does not run: power state, domain and residence are cleared, nothing is done to any host. Refused with HOST_IS_LIVE
    /// while the host heartbeats.
    /// </summary>
    public static XenRequest<XenVoid> PowerStateReset(XenRef<Vm> vm) => Generated.Void(XenCalls.VmPowerStateReset, vm);

    /// <summary>Bytes.</summary>
    public static XenRequest<long> ComputeMemoryOverhead(XenRef<Vm> vm) => new(XenCalls.VmComputeMemoryOverhead, [vm], v => v.Whole());
}

/// <summary>XenAPI class VM_metrics. Bytes.</summary>
/// <param name="StartTime">When its domain was built, by the host's clock, as the XenAPI writes times.</param>
public sealed record VmMetrics(Guid Uuid, long MemoryActual, long VcpusNumber, string StartTime) : IXenRecord<VmMetrics>
{
    public static string ClassName => "VM_metrics";

    public static VmMetrics Read(IXenFields f) => new(f.Uuid(), f.Whole("memory_actual"), f.Whole("VCPUs_number"), f.Time("start_time"));

    public static XenRequest<VmMetrics> GetRecord(XenRef<VmMetrics> self) => Generated.Record(XenCalls.VmMetricsGetRecord, self);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<VmMetrics>, VmMetrics>>> GetAllRecords() =>
        Generated.Records<VmMetrics>(XenCalls.VmMetricsGetAllRecords);
}

/// <summary>A halted HVM guest that boots from its disk, not restarted by the pool's HA (its restart would not be ours to know of).</summary>
public sealed record NewVm(string NameLabel, string Description, int Vcpus, long MemoryBytes, IReadOnlyDictionary<string, string> OtherConfig)
{
    /// <summary>Guest-visible switches; these are what the field's drivers set for HVM guests.</summary>
    private static readonly SortedDictionary<string, string> Platform = new(StringComparer.Ordinal)
    {
        ["acpi"] = "true",
        ["apic"] = "true",
        ["nx"] = "true",
        ["pae"] = "true",
        ["viridian"] = "true",
    };

    internal SortedDictionary<string, object> ToRecord() => new(StringComparer.Ordinal)
    {
        ["name_label"] = NameLabel,
        ["name_description"] = Description,
        ["user_version"] = 0L,
        ["is_a_template"] = false,
        ["affinity"] = XenRef<Host>.Null,
        ["memory_static_min"] = 0L,
        ["memory_dynamic_min"] = MemoryBytes,
        ["memory_dynamic_max"] = MemoryBytes,
        ["memory_static_max"] = MemoryBytes,
        ["VCPUs_params"] = XenMap.Empty,
        ["VCPUs_max"] = (long)Vcpus,
        ["VCPUs_at_startup"] = (long)Vcpus,
        ["actions_after_shutdown"] = "destroy",
        ["actions_after_reboot"] = "restart",
        ["actions_after_crash"] = "destroy",
        ["PV_bootloader"] = "",
        ["PV_kernel"] = "",
        ["PV_ramdisk"] = "",
        ["PV_args"] = "",
        ["PV_bootloader_args"] = "",
        ["PV_legacy_args"] = "",
        ["HVM_boot_policy"] = "BIOS order",
        ["HVM_boot_params"] = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["order"] = "dc" },
        ["platform"] = Platform,
        ["PCI_bus"] = "",
        ["recommendations"] = "",
        ["ha_always_run"] = false,
        ["ha_restart_priority"] = "",
        ["other_config"] = OtherConfig,
    };
}
