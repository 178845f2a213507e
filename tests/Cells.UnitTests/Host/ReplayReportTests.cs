using Cells.Host.Replay;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

/// <summary>A replay over time: intervals, plots of characters, the report.</summary>
public sealed class ReplayReportTests
{
    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    [Test]
    public void A_run_is_cut_into_intervals_and_nothing_of_it_is_left_out()
    {
        var timeline = new Timeline();
        timeline.Created(At(0.1));
        timeline.Answered(At(0.1), TimeSpan.FromMilliseconds(20));
        timeline.Created(At(0.2));
        timeline.Refused(At(1.5));
        timeline.Placed(At(2.5), TimeSpan.FromMilliseconds(2_400));
        timeline.Deleted(At(2.6));
        timeline.Created(At(2.7));
        timeline.Filled(At(1.9), [Fill(512)]);
        timeline.Withdrawn(At(3));

        var intervals = timeline.Intervals(At(2.9));

        Assert.That(intervals.Select(i => (i.FromSeconds, i.Seconds, i.Creates, i.Deletes, i.Waiting, i.Refused)), Is.EqualTo(new[]
        {
            (0, 1, 2, 0, 2, 0), (1, 1, 0, 0, 1, 1), (2, 1, 1, 1, 1, 0), (3, 1, 0, 0, 0, 0),
        }));
        Assert.That((intervals[0].Accept.P50, intervals[2].Active.P99, intervals[1].Accept.P50), Is.EqualTo((20, 2_400, 0)));
        Assert.That(intervals.Select(i => i.Fill.GetValueOrDefault("east-1", -1)), Is.EqualTo(new[] { -1, 50, 50, 50 }));
    }

    [TestCase(59, 1, 60)]
    [TestCase(60, 2, 31)]
    [TestCase(3_599, 60, 60)]
    [TestCase(2_592_000, 86_400, 31)]
    [TestCase(10_000_000, 166_668, 60)]
    public void A_long_run_has_wide_intervals_and_at_most_sixty(int seconds, int width, int count)
    {
        var intervals = new Timeline().Intervals(At(seconds));

        Assert.That((intervals[0].Seconds, intervals.Count), Is.EqualTo((width, count)));
    }

    [TestCase(0, ExpectedResult = 1)]
    [TestCase(1.1, ExpectedResult = 2)]
    [TestCase(37, ExpectedResult = 50)]
    [TestCase(100, ExpectedResult = 100)]
    public double The_top_of_a_plot_is_a_round_number(double most) => TextPlot.RoundUp(most);

    [Test]
    public void Columns_stand_over_their_time_and_what_is_more_than_nothing_is_seen()
    {
        var plot = TextPlot.Columns([0, 0.01, 5, 10], 30);

        Assert.That(plot, Is.EqualTo(new[]
        {
            "      10 │   █", "         │   █", "         │   █", "       5 │   █", "         │  ██", "         │  ██", "         │  ██", "         │ ▁██", "       0 └────", "          0 120 s",
        }));
    }

    [Test]
    public void A_span_is_full_up_to_its_lower_value_and_hatched_up_to_its_upper_one()
    {
        var plot = TextPlot.Spans([(0, 0), (1, 2)], 1);

        Assert.That(plot.Take(8).Select(line => line.Split('│')[1]), Is.EqualTo(new[] { " ░", " ░", " ░", " ░", " █", " █", " █", " █" }));
    }

    [Test]
    public void A_line_is_the_height_of_each_value_of_the_whole() => Assert.That(TextPlot.Line([0, 1, 50, 100, 120], 100), Is.EqualTo(" ▁▄██"));

    [Test]
    public void The_report_tells_what_happened_with_every_reason()
    {
        var timeline = new Timeline();
        timeline.Created(At(0));
        timeline.Created(At(1));
        timeline.Placed(At(2), At(2));
        timeline.Refused(At(2));
        timeline.Filled(At(1), [Fill(256)]);
        var summary = new ReplaySummary(
            2, 2, 0, 2, 1, 0, new SortedDictionary<string, int> { ["No valid host | really"] = 1 }, 0, 3.25, 1.5, new Latency(1, 2, 3), new Latency(4, 5, 6), new Latency(2_000, 2_000, 2_000),
            [Fill(256)], timeline.Intervals(At(3.25)));

        var text = ReplayReport.Of("trace.csv", 10, summary);

        Assert.That(text, Does.StartWith("# Replay of trace.csv, at 10 times its pace\n\n2 creates and 0 deletes in 3.3 s; every server was settled 1.5 s after the last one.\n"));
        Assert.That(text, Does.Contain("| 2 | 2 | 1 | 1 | 0 | 0 |\n").And.Contain("| create to running (looked at every 250 ms) | 2000 | 2000 | 2000 |\n"));
        Assert.That(text, Does.Contain("| 1 | No valid host \\| really |\n").And.Contain("east-1            ▂▂▂  25.0 %\n"));
        Assert.That(text, Does.Contain("| 2 s | 0 | 0 | 0 | 1 | - | - | 2000 | 2000 | 25.0 |\n"));
    }

    private static CellFill Fill(long promised) => new("east-1", 1, 1, 1, 8, promised, 1_024);
}
