using System.Globalization;
using Cells.Compute.Instances;

namespace Cells.Compute.Workflows;

/// <summary>What a workflow that asks its guest keeps from step to step: "domid until task", "none" for what is not there.</summary>
/// <param name="Domid">The domain that a reboot replaces.</param>
/// <param name="Until">How long the guest has time.</param>
/// <param name="Task">Reference of the task that asked it.</param>
internal sealed record GuestNote(long? Domid, DateTimeOffset? Until, string? Task)
{
    public static GuestNote Of(Instance row) => row.Work?.Note?.Split(' ') is [var domid, var until, var task]
        ? new GuestNote(
            domid == "none" ? null : long.Parse(domid, CultureInfo.InvariantCulture),
            until == "none" ? null : new DateTimeOffset(long.Parse(until, CultureInfo.InvariantCulture), TimeSpan.Zero),
            task == "none" ? null : task)
        : new GuestNote(null, null, null);

    public override string ToString() =>
        $"{Domid?.ToString(CultureInfo.InvariantCulture) ?? "none"} {Until?.UtcTicks.ToString(CultureInfo.InvariantCulture) ?? "none"} {Task ?? "none"}";
}
