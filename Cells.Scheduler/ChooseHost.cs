using Cells.Contracts;

namespace Cells.Scheduler;

/// <summary>
/// Chooses a host and an SR that it sees, and says why. Pure: the same index and request give the same decision. One function serves
/// real requests and dry runs.
/// </summary>
public static class ChooseHost
{
    /// <summary>How many examples a filter's count carries, and how many scores are kept.</summary>
    private const int Examples = 3, TopScores = 5;

    public static HostDecision Decide(CellName cell, HostIndex index, PlacementRequest request, HostPolicy policy)
    {
        var removed = new RemovedByFilter[policy.Filters.Count];
        var each = new RemovedEach();
        var candidates = new List<Candidate>();
        foreach (var (shape, hosts) in index.Shapes)
        {
            if (FirstRejection(policy, shape, request, index) is var (filter, reason) && reason is not null)
                removed[filter].Add(hosts, reason);
            else if (FirstAllowed(hosts, request, ref each) is { } host)
                candidates.Add(new Candidate(shape, host));
        }

        if (request.Group is { } group && candidates.Count > 1)
            KeepNearest(candidates, group);
        var scores = Score(candidates, request, policy);
        var best = Best(candidates, scores);
        var explanation = new Explanation(
            cell, "host", best is null ? null : candidates[best.Value].Host.Name, index.Count,
            Counts(policy, removed, each), Top(candidates, scores, policy, request), [],
            best is null ? WouldFit(index, request) : null);
        return best is null
            ? new HostDecision(null, default, explanation)
            : new HostDecision(candidates[best.Value].Host, ChooseSr(candidates[best.Value].Host, request, index), explanation);
    }

    private static (int Filter, string? Reason) FirstRejection(HostPolicy policy, in HostShape shape, PlacementRequest request, HostIndex index)
    {
        for (var i = 0; i < policy.Filters.Count; i++)
            if (policy.Filters[i].Reject(shape, request, index) is { } reason)
                return (i, reason);
        return (-1, null);
    }

    /// <summary>The first host of the shape that the request may have; where its group wants one more than another, the first of the best.</summary>
    private static HostState? FirstAllowed(HostSet hosts, PlacementRequest request, ref RemovedEach each)
    {
        if (request is { TriedHosts.Count: 0, Group: null, Move: null })
            return hosts.First;
        HostState? best = null;
        foreach (var host in hosts.All)
        {
            if (request.Move?.Reject(host) is { } unfit)
                each.Unfit.Add(host, unfit);
            else if (request.TriedHosts.Contains(host.Id))
                each.Tried.Add(host, "failed this instance before");
            else if (request.Group?.Reject(host.Id) is { } reason)
                each.Apart.Add(host, reason);
            else if (request.Group is null)
                return host;
            else if (best is null || request.Group.Compare(host.Id, best.Id) > 0)
                best = host;
        }
        return best;
    }

    /// <summary>What a group wants comes before how well a host is filled.</summary>
    private static void KeepNearest(List<Candidate> candidates, GroupRule group)
    {
        var best = candidates.Select(c => c.Host.Id).Aggregate((best, host) => group.Compare(host, best) > 0 ? host : best);
        candidates.RemoveAll(c => group.Compare(c.Host.Id, best) < 0);
    }

    /// <summary>
    /// The tightest shared SR with room, else the local one: a disk that other hosts see lets its instance move while it runs, away from a host that is to
    /// be serviced.
    /// </summary>
    private static SrId ChooseSr(HostState host, PlacementRequest request, HostIndex index)
    {
        var (best, left) = (host.LocalSr is { } local && local.FreeBytes >= request.DiskBytes ? local.Id : default, long.MaxValue);
        foreach (var sr in host.SharedSrs)
        {
            var rest = index.SharedSrFree(sr) - request.DiskBytes;
            if (rest >= 0 && rest < left)
                (best, left) = (sr, rest);
        }
        return best;
    }

    private static double[] Score(List<Candidate> candidates, PlacementRequest request, HostPolicy policy)
    {
        var scores = new double[candidates.Count];
        foreach (var (weigher, multiplier) in policy.Weighers)
        {
            var values = candidates.Select(c => weigher.Weigh(c.Shape, request)).ToArray();
            Normalise(values);
            for (var i = 0; i < values.Length; i++)
                scores[i] += multiplier * values[i];
        }
        return scores;
    }

    /// <summary>To 0..1 within this request: no memory of past ranges. All equal: all 0.</summary>
    internal static void Normalise(double[] values)
    {
        if (values.Length == 0)
            return;
        var (low, high) = (values.Min(), values.Max());
        for (var i = 0; i < values.Length; i++)
            values[i] = high > low ? (values[i] - low) / (high - low) : 0;
    }

    private static int? Best(List<Candidate> candidates, double[] scores)
    {
        int? best = null;
        for (var i = 0; i < candidates.Count; i++)
            if (best is null || scores[i] > scores[best.Value]
                || (scores[i] == scores[best.Value] && string.CompareOrdinal(candidates[i].Host.Name, candidates[best.Value].Host.Name) < 0))
                best = i;
        return best;
    }

    private static List<FilterCount> Counts(HostPolicy policy, RemovedByFilter[] removed, in RemovedEach each)
    {
        var counts = new List<FilterCount>();
        for (var i = 0; i < removed.Length; i++)
            if (removed[i].Count > 0)
                counts.Add(new FilterCount(policy.Filters[i].Name, removed[i].Count, removed[i].Examples ?? []));
        AddCount("move", each.Unfit);
        AddCount("server_group", each.Apart);
        AddCount("already_tried", each.Tried);
        return counts;

        void AddCount(string name, in RemovedByFilter by)
        {
            if (by.Count > 0)
                counts.Add(new FilterCount(name, by.Count, by.Examples ?? []));
        }
    }

    private static List<CandidateScore> Top(List<Candidate> candidates, double[] scores, HostPolicy policy, PlacementRequest request)
    {
        var order = Enumerable.Range(0, candidates.Count)
            .OrderByDescending(i => scores[i]).ThenBy(i => candidates[i].Host.Name, StringComparer.Ordinal).Take(TopScores);
        return [.. order.Select(i => new CandidateScore(candidates[i].Host.Name, scores[i],
            [.. policy.Weighers.Select(w => new WeigherScore(w.Weigher.Name, w.Multiplier, w.Weigher.Weigh(candidates[i].Shape, request)))]))];
    }

    private static string WouldFit(HostIndex index, PlacementRequest request)
    {
        var available = index.Shapes.Where(s => s.Key.Unavailable is null).Select(s => s.Key).ToList();
        if (available.Count == 0)
            return index.Count == 0 ? "a first host" : "a host that is up and enabled";
        if (available.All(s => s.Networks.FirstMissing(request.Networks) is not null))
            return $"a host that carries {request.NamedNetworks}";
        var largest = available.MaxBy(s => (s.Free.MemoryMib, s.Free.Vcpus));
        return $"one more host, or a flavor that needs no more than {largest.Free} (overhead included) and {Math.Max(0, largest.LocalFreeBytes) / Units.Gib} GiB of disk; "
            + $"asked {request.Need} and {request.DiskBytes / Units.Gib} GiB";
    }

    private readonly record struct Candidate(HostShape Shape, HostState Host);

    /// <summary>What is judged of each host, after its shape has passed.</summary>
    private record struct RemovedEach
    {
        public RemovedByFilter Unfit, Apart, Tried;
    }

    private record struct RemovedByFilter
    {
        public int Count;
        public List<string>? Examples;

        public void Add(HostSet hosts, string reason)
        {
            Count += hosts.Count;
            Example(hosts.First, reason);
        }

        public void Add(HostState host, string reason)
        {
            Count++;
            Example(host, reason);
        }

        private void Example(HostState host, string reason)
        {
            Examples ??= [];
            if (Examples.Count < ChooseHost.Examples)
                Examples.Add($"{host.Name}: {reason}");
        }
    }
}

/// <param name="Host">Null when nothing fits.</param>
/// <param name="Sr">Meaningful only with a host.</param>
public sealed record HostDecision(HostState? Host, SrId Sr, Explanation Why);
