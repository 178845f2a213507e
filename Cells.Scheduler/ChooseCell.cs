using Cells.Contracts;
using Cells.Scheduler.Capacity;

namespace Cells.Scheduler;

/// <summary>A child as its parent sees it when it decides.</summary>
/// <param name="Silent">Not heard: it gets no new work.</param>
/// <param name="Reaches">The names of the child and of every cell below it, for hints that name a cell.</param>
public sealed record ChildState(CellName Name, bool Silent, ChildCapacity Capacity, IReadOnlyCollection<CellName> Reaches);

/// <summary>
/// Chooses the child that is asked next, and says why. Pure but for the seeded draw among equals. A child whose summary is not known yet is
/// a candidate: what a summary cannot answer is decided below.
/// </summary>
public static class ChooseCell
{
    public static CellDecision Decide(CellName cell, IReadOnlyList<ChildState> children, PlacementRequest request, Random draw)
    {
        var removed = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var silent = new List<string>();
        var candidates = new List<(ChildState Child, long Fits)>();
        foreach (var child in children.OrderBy(c => c.Name))
        {
            var fits = child.Capacity.Fits(request);
            if (child.Silent)
                silent.Add(child.Name.Value);
            else if (Rejection(child, request, fits) is var (filter, reason) && reason is not null)
                (removed.TryGetValue(filter, out var list) ? list : removed[filter] = []).Add($"{child.Name}: {reason}");
            else
                candidates.Add((child, fits));
        }

        // Most free memory first, then the next child on refusal: of the simple rules the one that refuses least (docs/placement.md).
        var scores = candidates.Select(c => (double)c.Child.Capacity.FreeMemoryMib).ToArray();
        ChooseHost.Normalise(scores);
        var best = Best(scores, draw);
        var why = new Explanation(
            cell, "cell", best < 0 ? null : candidates[best].Child.Name.Value, children.Count,
            [.. removed.Select(r => new FilterCount(r.Key, r.Value.Count, [.. r.Value.Take(3)]))],
            [.. candidates.Select((c, i) => new CandidateScore(c.Child.Name.Value, scores[i], [new WeigherScore("free_memory", 1, c.Child.Capacity.FreeMemoryMib)]))
                .OrderByDescending(s => s.Score).ThenBy(s => s.Name, StringComparer.Ordinal).Take(5)],
            silent,
            best < 0 ? WouldFit(children, request, silent) : null);
        return new CellDecision(best < 0 ? null : candidates[best].Child.Name, why);
    }

    private static (string Filter, string? Reason) Rejection(ChildState child, PlacementRequest request, long fits) =>
        request.TriedCells.Contains(child.Name) ? ("already_tried", "refused this instance before")
        : request.Hints.OnlyCell is { } only && !child.Reaches.Contains(only) ? ("target_cell", $"{only} is not reached through it")
        : request.Hints.GroupCell is { } group && !child.Reaches.Contains(group) ? ("server_group", $"{group}, where the server group is, is not reached through it")
        : child.Capacity.LacksNetworks(request) ? ("networks", $"no host below carries {request.NamedNetworks}")
        : child.Capacity.IsKnown && fits == 0 ? ("capacity", $"no host below has room for {request.Need}; largest free is {child.Capacity.Largest}")
        : ("", null);

    private static int Best(double[] scores, Random draw)
    {
        if (scores.Length == 0)
            return -1;
        var top = scores.Max();
        var equals = Enumerable.Range(0, scores.Length).Where(i => scores[i] == top).ToArray();
        return equals.Length == 1 ? equals[0] : equals[draw.Next(equals.Length)];
    }

    private static string WouldFit(IReadOnlyList<ChildState> children, PlacementRequest request, List<string> silent)
    {
        if (children.Count == 0)
            return "a first cell below";
        var heard = children.Where(c => !c.Silent && c.Capacity.IsKnown).Select(c => c.Capacity).ToList();
        var largest = heard.Count == 0 ? default : heard.Select(c => c.Largest).MaxBy(r => (r.MemoryMib, r.Vcpus));
        var also = silent.Count == 0 ? "" : $"; or one of the silent cells: {string.Join(", ", silent)}";
        if (heard.Count > 0 && heard.All(c => c.LacksNetworks(request)))
            return $"a host that carries {request.NamedNetworks}{also}";
        return $"a flavor that needs no more than {largest} (overhead included), or more hosts; asked {request.Need}{also}";
    }
}

/// <param name="Child">Null when no child is asked.</param>
public sealed record CellDecision(CellName? Child, Explanation Why)
{
    /// <summary>True when the "no" may change by itself: somebody who may have room was not heard.</summary>
    public bool OnlySilence => Child is null && Why.Silent.Count > 0;
}
