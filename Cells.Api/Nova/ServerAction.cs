using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>One accepted action in a server's log: the row <c>instance_action</c>.</summary>
/// <param name="Intent">Null for an action that is the home's alone.</param>
/// <param name="Ended">How it ended; null while it has not.</param>
internal sealed record ServerAction(
    InstanceId Instance, string RequestId, InstanceAction Action, long? Intent, ProjectId Project, UserId User, DateTimeOffset AcceptedAt, ActionEnd? Ended);

/// <param name="Reason">Why it was refused or failed.</param>
internal sealed record ActionEnd(ActionOutcome Outcome, string? Reason, string? HostName, DateTimeOffset BeganAt, DateTimeOffset At);
