using static Cells.Compute.XenApi.XenEffect;

namespace Cells.Compute.XenApi;

/// <summary>
/// Every message we send: the whole of our dependence on the XenAPI, with calls.md beside it for readers. Tests hold it against the code that
/// uses it and, where it is present, against the published datamodel.
/// </summary>
internal static class XenCalls
{
    public static readonly XenCall SessionLogin = new("session", "login_with_password", 4, Changes, "rio", TakesSession: false);
    public static readonly XenCall SessionLogout = new("session", "logout", 1, Changes, "rio");
    public static readonly XenCall SessionGetTasks = new("session", "get_tasks", 2, Reads, "midnight-ride");

    public static readonly XenCall PoolGetAllRecords = new("pool", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall PoolAddToOtherConfig = new("pool", "add_to_other_config", 4, Changes, "rio");
    public static readonly XenCall PoolRemoveFromOtherConfig = new("pool", "remove_from_other_config", 3, Changes, "rio");

    public static readonly XenCall HostGetAllRecords = new("host", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall HostComputeFreeMemory = new("host", "compute_free_memory", 2, Reads, "orlando", HasAsync: true);
    public static readonly XenCall HostGetServertime = new("host", "get_servertime", 2, Reads, "orlando");

    /// <summary>What it does is the plugin's; the one that we call only reads (<see cref="Questions.ReadConsole"/>).</summary>
    public static readonly XenCall HostCallPlugin = new("host", "call_plugin", 5, Reads, "orlando", HasAsync: true);
    public static readonly XenCall HostDisable = new("host", "disable", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall HostEnable = new("host", "enable", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall HostMetricsGetAllRecords = new("host_metrics", "get_all_records", 1, Reads, "rio");

    public static readonly XenCall SrGetAllRecords = new("SR", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall SrScan = new("SR", "scan", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall PbdGetAllRecords = new("PBD", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall NetworkGetAllRecords = new("network", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall PifGetAllRecords = new("PIF", "get_all_records", 1, Reads, "rio");

    public static readonly XenCall VdiGetAllRecords = new("VDI", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall VdiGetAllRecordsWhere = new("VDI", "get_all_records_where", 2, Reads, "hidden");
    public static readonly XenCall VdiGetRecord = new("VDI", "get_record", 2, Reads, "rio");
    public static readonly XenCall VdiGetByUuid = new("VDI", "get_by_uuid", 2, Reads, "rio");
    public static readonly XenCall VdiCreate = new("VDI", "create", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiClone = new("VDI", "clone", 3, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiSnapshot = new("VDI", "snapshot", 3, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiDestroy = new("VDI", "destroy", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiResize = new("VDI", "resize", 3, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiCopy = new("VDI", "copy", 5, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiSetNameLabel = new("VDI", "set_name_label", 3, Changes, "rio", HasAsync: true);
    public static readonly XenCall VdiAddToOtherConfig = new("VDI", "add_to_other_config", 4, Changes, "rio");
    public static readonly XenCall VdiRemoveFromOtherConfig = new("VDI", "remove_from_other_config", 3, Changes, "rio");
    public static readonly XenCall VdiSetOtherConfig = new("VDI", "set_other_config", 3, Changes, "rio");

    public static readonly XenCall VmGetAllRecords = new("VM", "get_all_records", 1, Reads, "rio");
    public static readonly XenCall VmGetAllRecordsWhere = new("VM", "get_all_records_where", 2, Reads, "hidden");
    public static readonly XenCall VmGetRecord = new("VM", "get_record", 2, Reads, "rio");
    public static readonly XenCall VmGetByUuid = new("VM", "get_by_uuid", 2, Reads, "rio");
    public static readonly XenCall VmGetByNameLabel = new("VM", "get_by_name_label", 2, Reads, "rio");
    public static readonly XenCall VmCreate = new("VM", "create", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmAddToOtherConfig = new("VM", "add_to_other_config", 4, Changes, "rio");
    public static readonly XenCall VmDestroy = new("VM", "destroy", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmStartOn = new("VM", "start_on", 5, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmUnpause = new("VM", "unpause", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmHardShutdown = new("VM", "hard_shutdown", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmCleanShutdown = new("VM", "clean_shutdown", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmCleanReboot = new("VM", "clean_reboot", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmHardReboot = new("VM", "hard_reboot", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmPause = new("VM", "pause", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmSuspend = new("VM", "suspend", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmResumeOn = new("VM", "resume_on", 5, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmPoolMigrate = new("VM", "pool_migrate", 4, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmSetVcpusMax = new("VM", "set_VCPUs_max", 3, Changes, "midnight-ride");
    public static readonly XenCall VmSetVcpusAtStartup = new("VM", "set_VCPUs_at_startup", 3, Changes, "midnight-ride");
    public static readonly XenCall VmSetMemoryLimits = new("VM", "set_memory_limits", 6, Changes, "midnight-ride", HasAsync: true);
    public static readonly XenCall VmPowerStateReset = new("VM", "power_state_reset", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VmComputeMemoryOverhead = new("VM", "compute_memory_overhead", 2, Reads, "midnight-ride", HasAsync: true);
    public static readonly XenCall VmMetricsGetAllRecords = new("VM_metrics", "get_all_records", 1, Reads, "rio");

    public static readonly XenCall VmMetricsGetRecord = new("VM_metrics", "get_record", 2, Reads, "rio");

    public static readonly XenCall VbdCreate = new("VBD", "create", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VbdDestroy = new("VBD", "destroy", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VbdGetRecord = new("VBD", "get_record", 2, Reads, "rio");
    public static readonly XenCall VbdGetAllRecordsWhere = new("VBD", "get_all_records_where", 2, Reads, "hidden");
    public static readonly XenCall VifCreate = new("VIF", "create", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall VifGetRecord = new("VIF", "get_record", 2, Reads, "rio");
    public static readonly XenCall VifGetAllRecordsWhere = new("VIF", "get_all_records_where", 2, Reads, "hidden");

    public static readonly XenCall TaskCreate = new("task", "create", 3, Changes, "rio");
    public static readonly XenCall TaskDestroy = new("task", "destroy", 2, Changes, "rio");
    public static readonly XenCall TaskCancel = new("task", "cancel", 2, Changes, "rio", HasAsync: true);
    public static readonly XenCall TaskGetRecord = new("task", "get_record", 2, Reads, "rio");
    public static readonly XenCall TaskGetAllRecords = new("task", "get_all_records", 1, Reads, "rio");

    public static readonly XenCall EventFrom = new("event", "from", 4, Reads, "boston");

    /// <summary>It touches an object's generation and nothing else, so it counts as reading.</summary>
    public static readonly XenCall EventInject = new("event", "inject", 3, Reads, "tampa");

    public static readonly XenCall SystemIsAlive = new("system", "isAlive", 1, Reads, "hidden", TakesSession: false);

    public static readonly IReadOnlyList<XenCall> All =
    [
        SessionLogin, SessionLogout, SessionGetTasks, PoolGetAllRecords, PoolAddToOtherConfig, PoolRemoveFromOtherConfig, HostGetAllRecords,
        HostComputeFreeMemory, HostGetServertime, HostCallPlugin, HostDisable, HostEnable, HostMetricsGetAllRecords, SrGetAllRecords, SrScan, PbdGetAllRecords, NetworkGetAllRecords, PifGetAllRecords,
        VdiGetAllRecords, VdiGetAllRecordsWhere, VdiGetRecord, VdiGetByUuid, VdiCreate, VdiClone, VdiSnapshot, VdiDestroy, VdiResize, VdiCopy, VdiSetNameLabel,
        VdiAddToOtherConfig, VdiRemoveFromOtherConfig, VdiSetOtherConfig, VmGetAllRecords, VmGetAllRecordsWhere, VmGetRecord, VmGetByUuid,
        VmGetByNameLabel, VmCreate, VmAddToOtherConfig, VmDestroy, VmStartOn, VmUnpause, VmHardShutdown, VmCleanShutdown, VmCleanReboot, VmHardReboot,
        VmPause, VmSuspend, VmResumeOn, VmPoolMigrate, VmPowerStateReset, VmSetVcpusMax, VmSetVcpusAtStartup, VmSetMemoryLimits, VmComputeMemoryOverhead, VmMetricsGetAllRecords, VmMetricsGetRecord, VbdCreate, VbdDestroy,
        VbdGetRecord, VbdGetAllRecordsWhere, VifCreate, VifGetRecord, VifGetAllRecordsWhere, TaskCreate, TaskDestroy, TaskCancel, TaskGetRecord,
        TaskGetAllRecords, EventFrom, EventInject, SystemIsAlive,
    ];

    /// <summary>Names of the calls that change a pool's objects and so leave a task there while they run; sessions and tasks themselves do not count.</summary>
    public static readonly IReadOnlySet<string> Changing =
        new SortedSet<string>(All.Where(c => c is { Effect: Changes, HasAsync: true } && c.Class != "task").Select(c => c.Name), StringComparer.Ordinal);
}
