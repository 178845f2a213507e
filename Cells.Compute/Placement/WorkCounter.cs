namespace Cells.Compute.Placement;

/// <summary>
/// Up to which number of a parent's work messages everything is counted in the inventory. A message may be decided after its successors, when its
/// instance was busy; the count stops below it.
/// </summary>
internal sealed class WorkCounter
{
    private readonly SortedSet<long> _beyond = [];

    /// <summary>0: nothing.</summary>
    public long UpTo { get; private set; }

    /// <summary>The message's effect, if it has one, is in the inventory.</summary>
    public void Count(long number)
    {
        if (number > UpTo && _beyond.Add(number))
            Advance();
    }

    /// <summary>Everything up to here is done, whoever counted it: what the link has acknowledged, in an earlier life of the placer perhaps.</summary>
    public void AtLeast(long number)
    {
        UpTo = Math.Max(UpTo, number);
        _beyond.RemoveWhere(n => n <= UpTo);
        Advance();
    }

    private void Advance()
    {
        while (_beyond.Remove(UpTo + 1))
            UpTo++;
    }
}
