namespace Cells.Compute.XenApi;

/// <summary>What to do about a host's refusal.</summary>
public enum FailureKind
{
    /// <summary>Nothing is known of what happened: ask the host what is, then decide.</summary>
    Unknown = 0,

    /// <summary>Not now: the same call may succeed later.</summary>
    Retry = 1,

    /// <summary>The session has ended; nothing was done. A new login, then the same call.</summary>
    Relogin = 2,

    /// <summary>Another host is the coordinator; the first parameter is its address.</summary>
    Redirect = 3,

    /// <summary>The same call will be refused again: take it as a no.</summary>
    Refuse = 4,
}

/// <summary>The XenAPI's error codes by what to do about them.</summary>
public static class FailureKinds
{
    private static readonly SortedDictionary<string, FailureKind> Named = new(StringComparer.Ordinal)
    {
        ["SESSION_INVALID"] = FailureKind.Relogin,
        ["HOST_IS_SLAVE"] = FailureKind.Redirect,

        ["CANNOT_CONTACT_HOST"] = FailureKind.Retry,
        ["DESIGNATE_NEW_MASTER_IN_PROGRESS"] = FailureKind.Retry,
        ["DEVICE_DETACH_REJECTED"] = FailureKind.Retry,
        ["DEVICE_DETACH_TIMEOUT"] = FailureKind.Retry,
        ["HOST_EVACUATE_IN_PROGRESS"] = FailureKind.Retry,
        ["HOST_HAS_NO_MANAGEMENT_IP"] = FailureKind.Retry,          // with the next three: a member in emergency mode
        ["HOST_IN_EMERGENCY_MODE"] = FailureKind.Retry,
        ["HOST_ITS_OWN_SLAVE"] = FailureKind.Retry,
        ["HOST_UNKNOWN_TO_MASTER"] = FailureKind.Retry,
        ["HOST_MASTER_CANNOT_TALK_BACK"] = FailureKind.Retry,
        ["HOST_NOT_LIVE"] = FailureKind.Retry,
        ["HOST_OFFLINE"] = FailureKind.Retry,
        ["HOST_STILL_BOOTING"] = FailureKind.Retry,
        ["OTHER_OPERATION_IN_PROGRESS"] = FailureKind.Retry,
        ["SR_VDI_LOCKING_FAILED"] = FailureKind.Retry,
        ["TOO_BUSY"] = FailureKind.Retry,
        ["TOO_MANY_PENDING_TASKS"] = FailureKind.Retry,
        ["TOO_MANY_STORAGE_MIGRATES"] = FailureKind.Retry,

        // The work had begun, or xapi does not say how far it came.
        ["EVENTS_LOST"] = FailureKind.Unknown,
        ["INTERNAL_ERROR"] = FailureKind.Unknown,
        ["MIRROR_FAILED"] = FailureKind.Unknown,
        ["OPERATION_PARTIALLY_FAILED"] = FailureKind.Unknown,
        ["SM_PLUGIN_COMMUNICATION_FAILURE"] = FailureKind.Unknown,
        ["TASK_CANCELLED"] = FailureKind.Unknown,
        ["VM_CHECKPOINT_RESUME_FAILED"] = FailureKind.Unknown,
        ["VM_CRASHED"] = FailureKind.Unknown,
        ["VM_HALTED"] = FailureKind.Unknown,
        ["VM_REBOOTED"] = FailureKind.Unknown,
        ["VM_REVERT_FAILED"] = FailureKind.Unknown,
        ["VM_SHUTDOWN_TIMEOUT"] = FailureKind.Unknown,
        ["XENAPI_PLUGIN_FAILURE"] = FailureKind.Unknown,
        ["XMLRPC_UNMARSHAL_FAILURE"] = FailureKind.Unknown,

        ["BOOTLOADER_FAILED"] = FailureKind.Refuse,
        ["CANNOT_CREATE_STATE_FILE"] = FailureKind.Refuse,
        ["CANNOT_EVACUATE_HOST"] = FailureKind.Refuse,
        ["CANNOT_PLUG_BOND_SLAVE"] = FailureKind.Refuse,
        ["CLUSTERING_ENABLED"] = FailureKind.Refuse,
        ["DEFAULT_SR_NOT_FOUND"] = FailureKind.Refuse,
        ["DISK_VBD_MUST_BE_READWRITE_FOR_HVM"] = FailureKind.Refuse,
        ["DOMAIN_BUILDER_ERROR"] = FailureKind.Refuse,
        ["HANDLE_INVALID"] = FailureKind.Refuse,
        ["JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS"] = FailureKind.Refuse,
        ["LICENCE_RESTRICTION"] = FailureKind.Refuse,
        ["LICENSE_PROCESSING_ERROR"] = FailureKind.Refuse,
        ["LOCATION_NOT_UNIQUE"] = FailureKind.Refuse,
        ["MAC_INVALID"] = FailureKind.Refuse,
        ["MAP_DUPLICATE_KEY"] = FailureKind.Refuse,
        ["NO_HOSTS_AVAILABLE"] = FailureKind.Refuse,
        ["NOT_IMPLEMENTED"] = FailureKind.Refuse,
        ["NOT_SUPPORTED_DURING_UPGRADE"] = FailureKind.Refuse,
        ["OBJECT_NOLONGER_EXISTS"] = FailureKind.Refuse,
        ["OPERATION_BLOCKED"] = FailureKind.Refuse,
        ["OPERATION_NOT_ALLOWED"] = FailureKind.Refuse,
        ["OUT_OF_SPACE"] = FailureKind.Refuse,
        ["PERMISSION_DENIED"] = FailureKind.Refuse,
        ["PROVISION_ONLY_ALLOWED_ON_TEMPLATE"] = FailureKind.Refuse,
        ["RBAC_PERMISSION_DENIED"] = FailureKind.Refuse,
        ["REVERT_ONLY_ALLOWED_ON_SNAPSHOT"] = FailureKind.Refuse,
        ["SUSPEND_IMAGE_NOT_ACCESSIBLE"] = FailureKind.Refuse,
        ["TRANSPORT_PIF_NOT_CONFIGURED"] = FailureKind.Refuse,
        ["UNIMPLEMENTED_IN_SM_BACKEND"] = FailureKind.Refuse,
        ["UNKNOWN_BOOTLOADER"] = FailureKind.Refuse,
        ["UUID_INVALID"] = FailureKind.Refuse,
        ["VALUE_NOT_SUPPORTED"] = FailureKind.Refuse,
        ["VLAN_TAG_INVALID"] = FailureKind.Refuse,
        ["XENAPI_MISSING_PLUGIN"] = FailureKind.Refuse,
    };

    /// <summary>Families whose every member is a plain no, unless named above.</summary>
    private static readonly string[] Refusals =
    [
        "DEVICE_", "EVENT_", "FIELD_", "HA_", "HOST_", "INVALID_", "MEMORY_CONSTRAINT_", "MESSAGE_", "NETWORK_", "PBD_", "PIF_", "SESSION_", "SR_", "TASK_", "VBD_", "VDI_", "VIF_", "VM_",
    ];

    public static FailureKind Of(string code) =>
        Named.TryGetValue(code, out var kind) ? kind
        : Array.Exists(Refusals, family => code.StartsWith(family, StringComparison.Ordinal)) ? FailureKind.Refuse
        : FailureKind.Unknown;

    /// <summary>
    /// Not now, nor perhaps ever: a host that is away, or an error that says nothing. What others do at the moment passes by itself, and is waited for.
    /// </summary>
    public static bool MayLast(string code) => Of(code) is FailureKind.Retry or FailureKind.Unknown && !Array.Exists(Passing, passing => passing == code);

    private static readonly string[] Passing =
    [
        "DESIGNATE_NEW_MASTER_IN_PROGRESS", "DEVICE_DETACH_REJECTED", "DEVICE_DETACH_TIMEOUT", "OTHER_OPERATION_IN_PROGRESS", "SR_VDI_LOCKING_FAILED", "TOO_BUSY",
        "TOO_MANY_PENDING_TASKS", "TOO_MANY_STORAGE_MIGRATES",
    ];

    internal static IEnumerable<string> NamedCodes => Named.Keys;
}
