using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Scheduler;
using Cells.Scheduler.Capacity;

namespace Cells.Api.Dispatch;

/// <summary>
/// What a cell knows of its children: how they are, what they can take, whom one reaches through them. In memory only: news come each second,
/// and after a restart a child that has not been heard yet counts as silent.
/// </summary>
internal sealed class Children
{
    private readonly SortedDictionary<CellName, Child> _children = [];

    private readonly Func<CellName, bool> _isFull;

    /// <param name="isFull">True while a child's work lane is full: it is asked only when every other is full too.</param>
    public Children(IEnumerable<CellName> names, Func<CellName, bool> isFull)
    {
        _isFull = isFull;
        foreach (var name in names)
            _children.Add(name, new Child(name));
    }

    public bool Has(CellName name) => _children.ContainsKey(name);

    public IEnumerable<ChildReport> Reports => _children.Values.Select(c => new ChildReport(c.Name, c.Health, c.News, c.HeardAt));

    public void OnHealth(CellName name, NeighbourHealth health, DateTimeOffset now)
    {
        if (!_children.TryGetValue(name, out var child))
            return;
        child.Health = health;
        if (health == NeighbourHealth.Up)
            child.HeardAt = now;
    }

    public void OnNews(CellName name, CellNews news, DateTimeOffset now)
    {
        if (!_children.TryGetValue(name, out var child))
            return;
        child.News = news;
        child.HeardAt = now;
        child.Health = NeighbourHealth.Up;
        child.Reaches = [.. news.Reaches.Select(r => r.Cell).Append(name).Distinct().Order()];
        child.Capacity.Update(news.Capacity);
        while (child.Sent.Count > 0 && child.Sent.First() is var (number, sent) && number <= news.Capacity.CountsWorkUpTo)
            child.Forget(number, sent);
    }

    /// <summary>A build that went to the child under this number: what it takes is taken off until a summary counts it.</summary>
    public void OnSent(CellName name, long number, BuildInstance build)
    {
        if (!_children.TryGetValue(name, out var child) || (child.News is { } news && number <= news.Capacity.CountsWorkUpTo))
            return;
        child.Capacity.Dispatched(number, Request(build, []));
        child.Sent[number] = build.Instance;
        child.NumberOf[build.Instance] = number;
    }

    /// <summary>The child refused the instance, or nothing of it is left there.</summary>
    public void OnSettled(CellName name, InstanceId instance)
    {
        if (!_children.TryGetValue(name, out var child) || !child.NumberOf.TryGetValue(instance, out var number))
            return;
        child.Capacity.Settled(number);
        child.Forget(number, instance);
    }

    /// <summary>The link began anew: its numbers mean nothing any more, and the next news say what is.</summary>
    public void OnReset(CellName name)
    {
        if (_children.ContainsKey(name))
            _children[name] = new Child(name);
    }

    public CellChoice Choose(CellName cell, BuildInstance build, IReadOnlyCollection<CellName> tried, Random draw)
    {
        var allAreFull = _children.Values.Where(c => c.Health == NeighbourHealth.Up).All(c => _isFull(c.Name));
        var decision = ChooseCell.Decide(
            cell,
            [
                .. _children.Values.Select(c => new ChildState(
                    c.Name, Silent: c.Health != NeighbourHealth.Up || (!allAreFull && _isFull(c.Name)), c.Capacity, c.Reaches)),
            ],
            Request(build, [.. build.Hints.NotCells.Concat(tried)]),
            draw);
        var mayComeLater = decision.Child is null
            && _children.Count > 0
            && (_children.Values.Any(c => c.Health is null) || _children.Values.All(c => c.Health != NeighbourHealth.Up));
        return new CellChoice(decision.Child, mayComeLater, decision.Why);
    }

    /// <summary>The child under which a cell is reached: one that is heard before one that is silent; null when no news named it.</summary>
    public CellName? WayTo(CellName cell) => _children.Values
        .Where(c => c.Reaches.Contains(cell))
        .OrderBy(c => c.Health == NeighbourHealth.Up ? 0 : 1).ThenBy(c => c.Name)
        .Select(c => (CellName?)c.Name)
        .FirstOrDefault();

    /// <summary>The cell is a child that is heard, or is heard itself by those on one way to it, all of whom are heard.</summary>
    public bool Hears(CellName cell) => _children.Values.Any(c =>
        c.Health == NeighbourHealth.Up && (c.Name == cell || (c.News?.Reaches.Any(r => r.Cell == cell && !r.Silent) ?? false)));

    public bool IsUnder(CellName cell, CellName child) => _children.TryGetValue(child, out var known) && known.Reaches.Contains(cell);

    /// <summary>The news for the next parent: the children's capacity less what was dispatched since, and whom one reaches.</summary>
    public CellNews NewsOf(CellName cell, CellKind kind, long countsWorkUpTo, DateTimeOffset now) => new(
        cell,
        kind,
        Summarise.Merge(_children.Values.Where(c => c.Health == NeighbourHealth.Up).Select(c => c.Capacity.Current), countsWorkUpTo),
        Reaches(cell, kind, now));

    public IReadOnlyList<ReachedCell> Reaches(CellName cell, CellKind kind, DateTimeOffset now)
    {
        var below = new List<ReachedCell>();
        foreach (var child in _children.Values)
        {
            var silent = child.Health != NeighbourHealth.Up;
            if (child.News is not { } news)
                below.Add(new ReachedCell(child.Name, cell, CellKind.Compute, 0, 0, 0, Silent: true));
            else
                below.AddRange(news.Reaches.Select(r => r with
                {
                    Parent = r.Parent ?? cell,
                    Silent = r.Silent || silent,
                    // What was old already when the child told it is older now.
                    SecondsSinceHeard = Math.Max(0, (now - child.HeardAt!.Value).TotalSeconds) + (r.SecondsSinceHeard ?? 0),
                }));
        }
        var own = below.Where(r => r.Kind == CellKind.Compute).ToList();
        return [new ReachedCell(cell, null, kind, own.Sum(r => r.Hosts), own.Sum(r => r.HostsUp), own.Sum(r => r.Instances), Silent: false) { SecondsSinceHeard = 0 }, .. below];
    }

    private static PlacementRequest Request(BuildInstance build, IReadOnlyCollection<CellName> notCells) =>
        PlacementRequest.For(build.Flavor, build.Hints.AvailabilityZone, build.Hints.OnlyCell, notCells, [])
            with
            {
                Hints = new PlacementHintsView(build.Hints.AvailabilityZone, build.Hints.OnlyCell, build.Hints.Group?.Cell),
                Networks = PlacementRequest.NetworksOf(build.Nics),
            };

    private sealed class Child(CellName name)
    {
        public CellName Name { get; } = name;

        /// <summary>Null until the link has said anything since this cell started.</summary>
        public NeighbourHealth? Health { get; set; }

        public CellNews? News { get; set; }

        public DateTimeOffset? HeardAt { get; set; }

        public IReadOnlyList<CellName> Reaches { get; set; } = [name];

        public ChildCapacity Capacity { get; } = new();

        /// <summary>Builds that no summary counts yet, by work number and back.</summary>
        public SortedDictionary<long, InstanceId> Sent { get; } = [];

        public Dictionary<InstanceId, long> NumberOf { get; } = [];

        public void Forget(long number, InstanceId instance)
        {
            Sent.Remove(number);
            if (NumberOf.GetValueOrDefault(instance) == number)
                NumberOf.Remove(instance);
        }
    }
}

/// <summary>A child as the admin API shows it.</summary>
/// <param name="Health">Null: nothing heard or missed since this cell started.</param>
internal sealed record ChildReport(CellName Name, NeighbourHealth? Health, CellNews? News, DateTimeOffset? HeardAt);
