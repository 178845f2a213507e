namespace Cells.Chaos.Faults;

/// <summary>Every fault by the name under which the report counts it.</summary>
internal enum FaultName
{
    Drop = 1,
    Duplicate,
    Delay,
    Reorder,
    CrashRestart,
    CommitAnswerLost,
    CommitRefused,
    XapiAnswerLost,
    XapiSessionEnded,
    XapiStartRefused,
    ToolstackRestart,
    HostPowerLoss,
    GuestIgnores,
    CoordinatorChange,
    MemberCut,
}

internal static class FaultNames
{
    public static IReadOnlyList<FaultName> All { get; } = Enum.GetValues<FaultName>();

    public static string Text(this FaultName name) => name switch
    {
        FaultName.Drop => "drop",
        FaultName.Duplicate => "duplicate",
        FaultName.Delay => "delay",
        FaultName.Reorder => "reorder",
        FaultName.CrashRestart => "crash-restart",
        FaultName.CommitAnswerLost => "commit-answer-lost",
        FaultName.CommitRefused => "commit-refused",
        FaultName.XapiAnswerLost => "xapi-answer-lost",
        FaultName.XapiSessionEnded => "xapi-session-ended",
        FaultName.XapiStartRefused => "xapi-start-refused",
        FaultName.ToolstackRestart => "toolstack-restart",
        FaultName.HostPowerLoss => "host-power-loss",
        FaultName.GuestIgnores => "guest-ignores",
        FaultName.CoordinatorChange => "coordinator-change",
        FaultName.MemberCut => "member-cut",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such fault"),
    };
}
