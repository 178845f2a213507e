namespace Cells.Api.Dispatch;

/// <summary>
/// Up to which work number of a parent's link everything is decided here, so that a summary can say what it counts. Numbers arrive in rising
/// order; they end in any. A new incarnation of the parent begins its numbers anew.
/// </summary>
internal sealed class WorkCount
{
    private readonly SortedSet<long> _unfinished = [];
    private long _incarnation;
    private long _highest;

    /// <param name="watermark">What the link has durably finished: all that is known before the first message after a start.</param>
    public long UpTo(long watermark) => _unfinished.Count > 0 ? _unfinished.Min - 1 : Math.Max(_highest, watermark);

    public void Received(long incarnation, long number)
    {
        if (incarnation != _incarnation)
        {
            (_incarnation, _highest) = (incarnation, 0);
            _unfinished.Clear();
        }
        _unfinished.Add(number);
        _highest = Math.Max(_highest, number);
    }

    public void Finished(long number) => _unfinished.Remove(number);
}
