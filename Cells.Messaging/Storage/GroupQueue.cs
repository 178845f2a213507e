namespace Cells.Messaging.Storage;

/// <summary>
/// Which changes go together next. Changes keep the order in which they were handed in, except that one whose guarded row is taken waits for
/// the next group, and lets others past that have neither a row nor an order key in common with it.
/// </summary>
internal sealed class GroupQueue(int maxGroup)
{
    private readonly LinkedList<PendingChange> _waiting = new();
    private readonly LinkedList<IReadOnlyList<PendingChange>> _reruns = new();   // parts of a group that was rolled back, in order

    /// <summary>The group that is being committed; empty between groups.</summary>
    public IReadOnlyList<PendingChange> Current { get; private set; } = [];

    public bool IsEmpty => Current.Count == 0 && _waiting.Count == 0 && _reruns.Count == 0;

    public void Add(PendingChange change) => _waiting.AddLast(change);

    /// <returns>False when a group is under way, or nothing waits.</returns>
    public bool TryBegin()
    {
        if (Current.Count > 0)
            return false;
        Current = TakeRerun() ?? TakeGroup();
        return Current.Count > 0;
    }

    /// <summary>The group ended as a whole: committed or given up.</summary>
    public IReadOnlyList<PendingChange> End()
    {
        var ended = Current;
        Current = [];
        return ended;
    }

    /// <summary>
    /// The group was rolled back because of these misses. Members that failed by a guard of their own are out. If only sums failed, the
    /// members that share one are run one by one, in order, so that as many as possible fit and each miss is that member's own.
    /// </summary>
    /// <returns>Who failed, with the writes that missed. A guard may have been missed because of another member of the same group that is out too:
    /// the asker reads again.</returns>
    public IReadOnlyList<(PendingChange Change, IReadOnlyList<IWrite> Writes)> Miss(IReadOnlyList<(int Member, IWrite Write)> misses)
    {
        var group = End();
        var byMember = misses.ToLookup(miss => miss.Member, miss => miss.Write);
        if (group.Count == 1)
            return [(group[0], [.. byMember[0]])];

        var failed = byMember
            .Select(member => (Index: member.Key, Guards: member.Where(write => write.Kind.GuardedRow(write) is not null).ToList()))
            .Where(member => member.Guards.Count > 0)
            .OrderBy(member => member.Index)
            .ToList();
        if (failed.Count == 0)
        {
            RunAgain(Apart(group, alone: index => byMember.Contains(index)));
            return [];
        }
        var gone = failed.Select(member => member.Index).ToHashSet();
        RunAgain([[.. group.Where((_, index) => !gone.Contains(index))]]);
        return [.. failed.Select(member => (group[member.Index], (IReadOnlyList<IWrite>)member.Guards))];
    }

    /// <summary>The database refused the group's statements for a reason that lies in a member. Halved until that one stands alone.</summary>
    /// <returns>The member, once it is alone.</returns>
    public PendingChange? Refuse()
    {
        var group = End();
        if (group.Count == 1)
            return group[0];
        var half = group.Count / 2;
        RunAgain([[.. group.Take(half)], [.. group.Skip(half)]]);
        return null;
    }

    /// <summary>Everything that waits, in order, without the current group; the queue then holds only that.</summary>
    public IReadOnlyList<PendingChange> TakeWaiting()
    {
        List<PendingChange> all = [.. _reruns.SelectMany(part => part), .. _waiting];
        _reruns.Clear();
        _waiting.Clear();
        return all;
    }

    private void RunAgain(IReadOnlyList<IReadOnlyList<PendingChange>> parts)
    {
        foreach (var part in parts.Where(part => part.Count > 0).Reverse())
            _reruns.AddFirst(part);
    }

    private static List<IReadOnlyList<PendingChange>> Apart(IReadOnlyList<PendingChange> group, Func<int, bool> alone)
    {
        var parts = new List<IReadOnlyList<PendingChange>>();
        var together = new List<PendingChange>();
        for (var index = 0; index < group.Count; index++)
        {
            if (!alone(index))
            {
                together.Add(group[index]);
                continue;
            }
            parts.Add(together);
            parts.Add([group[index]]);
            together = [];
        }
        parts.Add(together);
        return parts;
    }

    private IReadOnlyList<PendingChange>? TakeRerun()
    {
        var part = _reruns.First?.Value;
        if (part is not null)
            _reruns.RemoveFirst();
        return part;
    }

    private List<PendingChange> TakeGroup()
    {
        var group = new List<PendingChange>();
        var taken = new HashSet<object>();
        var passedOver = new HashSet<object>();
        var node = _waiting.First;
        // Looks past at most one group's worth of changes that must wait: a row that everybody wants must not make each group scan the queue.
        for (var seen = 0; node is not null && group.Count < maxGroup && seen < 2 * maxGroup; seen++)
        {
            var (change, next) = (node.Value, node.Next);
            if (change.Rows.Any(taken.Contains) || change.Order.Any(passedOver.Contains))
            {
                passedOver.UnionWith(change.Order);
            }
            else
            {
                taken.UnionWith(change.Rows);
                group.Add(change);
                _waiting.Remove(node);
            }
            node = next;
        }
        return group;
    }
}
