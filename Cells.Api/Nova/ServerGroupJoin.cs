using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>What the group of a create means for it: the hint that goes down, the guard that goes with the intents, or why it may not join.</summary>
/// <param name="home">The name of this cell.</param>
internal sealed class ServerGroupJoin(GroupStore groups, QuotaStore quotas, FleetStore fleet, CellName home)
{
    /// <summary>Without a group the hints stay as they are, and there is nothing to write.</summary>
    public async Task<(PlacementHints Hints, JoinServerGroup? Write, ApiResult? Refusal)> PlanAsync(
        RequestContext caller, CreateServer asked, int count, CancellationToken stop)
    {
        if (asked.Group is not { } id)
            return (asked.Hints, null, null);
        if (await groups.FindAsync(id, stop) is not { } group || group.Project != caller.Project)
            return (asked.Hints, null, ApiResult.BadRequest($"Instance group {id} could not be found."));
        var limit = (await quotas.StandingAsync(group.Project, stop))?.Limits.ServerGroupMembers ?? QuotaLimits.Default.ServerGroupMembers;
        if (!QuotaLimits.Covers(limit, (long)group.Counted + count))
            return (asked.Hints, null, ApiResult.Forbidden("Quota exceeded, too many servers in group"));
        var hints = asked.Hints with { Group = group.Hint };
        if (group.Policy != GroupPolicy.Affinity)
            return (hints, new JoinServerGroup(id, count, limit, group.Cell, group.Cell), null);
        // Not a matter of this request alone: whoever joins later has to follow, so a cell is chosen here and not on the way down.
        var pin = group is { Cell: { } pinned, IsHeld: true }
            ? pinned
            : GroupPin.Choose(await fleet.HostsAsync(stop), asked.Hints.AvailabilityZone, asked.Hints.OnlyCell, asked.Hints.NotCells);
        // Nobody has told of a host: this cell, through which nothing is reached, stands for none. The request is refused as one without a valid host.
        hints = hints with { Group = group.Hint with { Cell = pin ?? home } };
        return (hints, new JoinServerGroup(id, count, limit, group.Cell, pin), null);
    }
}
