namespace Cells.Host.Replay;

/// <summary>Collects durations and tells their percentiles (nearest rank). For runs of at most some million samples.</summary>
internal sealed class Percentiles
{
    private readonly List<double> _milliseconds = [];
    private bool _sorted;

    public int Count => _milliseconds.Count;

    public void Add(TimeSpan duration)
    {
        _milliseconds.Add(duration.TotalMilliseconds);
        _sorted = false;
    }

    /// <param name="percent">0 to 100.</param>
    /// <returns>Milliseconds; 0 when nothing was collected.</returns>
    public double At(double percent)
    {
        if (_milliseconds.Count == 0)
            return 0;
        if (!_sorted)
            _milliseconds.Sort();
        _sorted = true;
        var rank = (int)Math.Ceiling(percent / 100 * _milliseconds.Count);
        return _milliseconds[Math.Clamp(rank, 1, _milliseconds.Count) - 1];
    }
}
