using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// Where the instances of each server group are claimed in this cell. A place counts from the moment it is decided, so that the next decision sees it
/// before it is committed; what is committed is in the instances' rows, from which this is made again at a start.
/// </summary>
internal sealed class GroupPlaces
{
    private readonly Dictionary<Guid, SortedDictionary<Guid, IReadOnlyList<HostId>>> _groups = [];

    /// <summary>The rule for one more, or for one of them that is placed anew; null without a group.</summary>
    public GroupRule? RuleFor(BuildInstance command)
    {
        if (command.Hints.Group is not { } group)
            return null;
        var members = _groups.GetValueOrDefault(group.Id)?
            .Where(member => member.Key != command.Instance.Value)
            .SelectMany(member => member.Value)
            .CountBy(host => host)
            .ToDictionary();
        return new GroupRule(group.Policy, group.MaxPerHost, members ?? []);
    }

    /// <summary>Decided: it will be there. One that holds a second place counts at both.</summary>
    public void Take(BuildInstance command, params IReadOnlyList<HostId> hosts)
    {
        if (command.Hints.Group is { } group)
            (_groups.TryGetValue(group.Id, out var members) ? members : _groups[group.Id] = [])[command.Instance.Value] = hosts;
    }

    /// <summary>As the instance's row says; null for one that has none.</summary>
    public void Follow(BuildInstance? command, Instance? row)
    {
        if (command?.Hints.Group is not { } group)
            return;
        if (row is { Released: false, Place: { } place })
            Take(command, (row.Destination ?? row.Origin) is { } second && second.Place.Host != place.Host ? [place.Host, second.Place.Host] : [place.Host]);
        else if (_groups.TryGetValue(group.Id, out var members) && members.Remove(command.Instance.Value) && members.Count == 0)
            _groups.Remove(group.Id);
    }
}
