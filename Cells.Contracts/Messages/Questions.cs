using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>
/// Down: what is there to be seen of one instance right now, asked of whoever holds its epoch. It changes nothing and is kept nowhere: answered by
/// <see cref="InstanceTold"/>, or not at all, and then whoever asked asks again. May arrive twice, or long after its asker has gone.
/// </summary>
/// <param name="Question">Names this one asking; the answer carries it.</param>
/// <param name="Lines">Of a console log: how many of its last lines; null for all that there is.</param>
[WireName("instance.ask.v1")]
public sealed record AskInstance(InstanceId Instance, long Epoch, Guid Question, InstanceQuestion About, int? Lines = null);

/// <summary>Up: what was seen, or why nothing was.</summary>
/// <param name="Reason">For people; null when it was seen.</param>
/// <param name="Console">What the guest wrote to its console last, at most <see cref="MostConsoleChars"/> characters of it.</param>
[WireName("instance.told.v1")]
public sealed record InstanceTold(
    InstanceId Instance, long Epoch, Guid Question, ToldOutcome Outcome, string? Reason, string? Console = null, InstanceDiagnostics? Diagnostics = null)
{
    /// <summary>As much as fits well into one message; a dom0 keeps about as much (os-xenapi, console.py: the last 100 KiB).</summary>
    public const int MostConsoleChars = 64 * 1024;
}

/// <summary>Numbers are sent: never reuse one.</summary>
public enum InstanceQuestion
{
    ConsoleLog = 1,
    Diagnostics = 2,
}

/// <summary>Numbers are sent: never reuse one.</summary>
public enum ToldOutcome
{
    Told = 1,

    /// <summary>Nobody below holds it, or it has no VM yet.</summary>
    NotReady = 2,

    /// <summary>The guest has no domain, or has written nothing that was kept.</summary>
    NoConsole = 3,

    /// <summary>Its host cannot tell: what would answer is not installed there.</summary>
    NotSupported = 4,

    /// <summary>Only a running guest shows that; the reason is the power state that it is in.</summary>
    NotRunning = 5,

    /// <summary>Its host did not answer, or the pool is not connected: ask again later.</summary>
    Away = 6,
}

/// <summary>What a host shows of a running VM. What it does not show is null.</summary>
/// <param name="Uptime">Since its domain was built, by the host's clock; seconds.</param>
/// <param name="Macs">Of its interfaces, in the order of devices.</param>
/// <param name="HypervisorOs">Product and version of the host's control domain.</param>
public sealed record InstanceDiagnostics(
    string PowerState, long? Uptime, int Vcpus, int Disks, IReadOnlyList<string> Macs, long MemoryMaximumMib, long? MemoryUsedMib, string? HypervisorOs);
