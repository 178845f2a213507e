namespace Cells.Contracts;

/// <summary>
/// What can be asked of an instance. Numbers are stored and sent: never reuse one. An action that is new (resize, migration) gets a number here, a row in
/// <see cref="InstanceLifecycle"/>, and a table of steps in its compute cell.
/// </summary>
public enum InstanceAction
{
    Create = 1,
    Delete = 2,
    Start = 3,
    Stop = 4,
    RebootSoft = 5,
    RebootHard = 6,
    Pause = 7,
    Unpause = 8,
    Suspend = 9,
    Resume = 10,
    Lock = 11,
    Unlock = 12,
    ResetState = 13,
    Rescue = 14,
    Unrescue = 15,
    Rebuild = 16,
    Resize = 20,
    Migrate = 21,
    ConfirmResize = 22,
    RevertResize = 23,
    LiveMigrate = 24,
    CreateImage = 25,
    CreateBackup = 26,
    Evacuate = 30,
}

public static class InstanceActionNames
{
    /// <summary>The word under which Nova's action log shows it (Nova, compute/instance_actions).</summary>
    public static string LogName(this InstanceAction action) => action switch
    {
        InstanceAction.RebootSoft or InstanceAction.RebootHard => "reboot",
        InstanceAction.ResetState => "resetState",
        InstanceAction.ConfirmResize => "confirmResize",
        InstanceAction.RevertResize => "revertResize",
        InstanceAction.LiveMigrate => "live-migration",
        InstanceAction.CreateImage => "createImage",
        InstanceAction.CreateBackup => "createBackup",
        _ => action.ToString().ToLowerInvariant(),
    };

    /// <summary>The word that Nova's refusals use for it.</summary>
    public static string RequestName(this InstanceAction action) => action switch
    {
        InstanceAction.RebootSoft or InstanceAction.RebootHard => "reboot",
        InstanceAction.ResetState => "os-resetState",
        InstanceAction.ConfirmResize => "confirmResize",
        InstanceAction.RevertResize => "revertResize",
        InstanceAction.LiveMigrate => "os-migrateLive",
        InstanceAction.CreateImage => "createImage",
        InstanceAction.CreateBackup => "createBackup",
        _ => action.ToString().ToLowerInvariant(),
    };
}
