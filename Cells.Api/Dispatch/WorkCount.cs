namespace Cells.Api.Dispatch;

/// <summary>
/// Up to which work number of a parent's link everything is decided here, so that a summary can say what it counts. Numbers arrive in rising
/// order; they end in any.
/// </summary>
internal sealed class WorkCount
{
    private readonly SortedSet<long> _unfinished = [];
    private long _highest;

    public long UpTo => _unfinished.Count > 0 ? _unfinished.Min - 1 : _highest;

    public void Received(long number)
    {
        _unfinished.Add(number);
        _highest = Math.Max(_highest, number);
    }

    public void Finished(long number) => _unfinished.Remove(number);
}
