using System.Text.Json.Serialization;

namespace Cells.Host.Replay;

/// <summary>What happened when, in a replay; afterwards cut into intervals. Times are since the run began; the sender and the poller write at once.</summary>
internal sealed class Timeline
{
    /// <summary>As many columns as a plot has room for.</summary>
    private const int MostIntervals = 60;

    private static readonly int[] WidthsSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];

    private readonly Lock _gate = new();
    private readonly List<(TimeSpan At, Mark Mark, TimeSpan Took)> _marks = [];
    private readonly List<(TimeSpan At, IReadOnlyList<CellFill> Cells)> _fills = [];

    private enum Mark
    {
        Create = 1,
        Delete = 2,
        Answer = 3,
        Placed = 4,
        Refused = 5,
        Withdrawn = 6,
    }

    public void Created(TimeSpan at) => Add(at, Mark.Create, default);

    public void Deleted(TimeSpan at) => Add(at, Mark.Delete, default);

    /// <param name="sent">Latencies stand where their request was sent.</param>
    public void Answered(TimeSpan sent, TimeSpan took) => Add(sent, Mark.Answer, took);

    /// <param name="at">When it was seen running.</param>
    public void Placed(TimeSpan at, TimeSpan took) => Add(at, Mark.Placed, took);

    public void Refused(TimeSpan at) => Add(at, Mark.Refused, default);

    /// <summary>Deleted before anybody saw it placed or refused.</summary>
    public void Withdrawn(TimeSpan at) => Add(at, Mark.Withdrawn, default);

    public void Filled(TimeSpan at, IReadOnlyList<CellFill> cells)
    {
        lock (_gate)
            _fills.Add((at, cells));
    }

    /// <summary>The whole run, none left out; the width is the least of a few round ones that gives at most sixty.</summary>
    public IReadOnlyList<Interval> Intervals(TimeSpan wall)
    {
        lock (_gate)
        {
            var end = _marks.Select(m => m.At).Append(wall).Max();
            var width = WidthsSeconds.FirstOrDefault(w => end.TotalSeconds < w * MostIntervals, (int)Math.Ceiling(end.TotalSeconds / MostIntervals) + 1);
            var intervals = new List<Interval>();
            for (var from = 0; from == 0 || from <= end.TotalSeconds; from += width)
                intervals.Add(Of(from, width, intervals.Count == 0 ? 0 : intervals[^1].Waiting));
            return intervals;
        }
    }

    private Interval Of(int from, int width, int waitingBefore)
    {
        var (least, most) = (TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(from + width));
        var inside = _marks.Where(m => m.At >= least && m.At < most).ToList();
        // Who did not look in this interval knows it from the last look before.
        var fill = _fills.LastOrDefault(f => f.At < most).Cells ?? [];
        return new Interval(
            from, width, Count(Mark.Create), Count(Mark.Delete), waitingBefore + Count(Mark.Create) - Count(Mark.Placed) - Count(Mark.Refused) - Count(Mark.Withdrawn),
            Count(Mark.Refused), Of(Mark.Answer), Of(Mark.Placed), fill.ToDictionary(c => c.Cell, c => Math.Round(c.Percent, 1)));

        int Count(Mark mark) => inside.Count(m => m.Mark == mark);

        Latency Of(Mark mark)
        {
            var took = new Percentiles();
            foreach (var m in inside.Where(m => m.Mark == mark))
                took.Add(m.Took);
            return Latency.Of(took);
        }
    }

    private void Add(TimeSpan at, Mark mark, TimeSpan took)
    {
        lock (_gate)
            _marks.Add((at, mark, took));
    }
}

/// <summary>Some seconds of a replay.</summary>
/// <param name="Waiting">Servers whose create was sent and whose fate was not known at its end.</param>
/// <param name="Refused">Creates that were not accepted, or ended in ERROR.</param>
/// <param name="Accept">Answers to creates sent in it.</param>
/// <param name="Active">From create to running, of servers that were seen running in it.</param>
/// <param name="Fill">Memory promised in each compute cell at its end, in percent.</param>
internal sealed record Interval(
    [property: JsonPropertyName("from_s")] int FromSeconds,
    [property: JsonPropertyName("seconds")] int Seconds,
    [property: JsonPropertyName("creates")] int Creates,
    [property: JsonPropertyName("deletes")] int Deletes,
    [property: JsonPropertyName("waiting")] int Waiting,
    [property: JsonPropertyName("refused")] int Refused,
    [property: JsonPropertyName("accept_ms")] Latency Accept,
    [property: JsonPropertyName("active_ms")] Latency Active,
    [property: JsonPropertyName("fill_percent")] IReadOnlyDictionary<string, double> Fill);
