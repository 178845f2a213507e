using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

public sealed class LaneTests
{
    private static readonly TimeSpan T0 = TimeSpan.Zero;
    private static readonly WorkSending Fresh = new(0, 0, 0, 0, T0);
    private static readonly WorkReceiving Empty = WorkReceiving.From(0, []);

    [Test]
    public void No_more_than_a_window_is_sent_above_what_is_acknowledged()
    {
        var lane = Fresh.OnGiven(2_000);

        Assert.That(lane.SendTo, Is.EqualTo(WorkSending.Window));
        Assert.That(lane.OnSent(WorkSending.Window, T0).MaySend, Is.False);
        Assert.That(lane.OnSent(WorkSending.Window, T0).OnMarks(Marks.Zero with { WorkWatermark = 10 }, T0).SendTo, Is.EqualTo(WorkSending.Window + 10));
    }

    [Test]
    public void What_was_sent_and_not_received_is_sent_again_after_two_seconds_and_not_before()
    {
        var lane = Fresh.OnGiven(10).OnSent(10, T0).OnMarks(Marks.Zero with { WorkReceived = 4 }, T0);

        Assert.That(lane.OnTick(TimeSpan.FromSeconds(1.9)).Sent, Is.EqualTo(10));
        Assert.That(lane.OnTick(TimeSpan.FromSeconds(2)).Sent, Is.EqualTo(4));
    }

    [Test]
    public void What_the_neighbour_holds_in_memory_is_not_sent_again()
    {
        var lane = Fresh.OnGiven(10).OnSent(10, T0).OnMarks(Marks.Zero with { WorkReceived = 10 }, T0);

        Assert.That(lane.OnTick(TimeSpan.FromHours(1)).MaySend, Is.False);
    }

    [Test]
    public void A_gap_is_answered_once_however_many_frames_behind_it_ask_again()
    {
        var lane = Fresh.OnGiven(10).OnSent(10, T0);
        var again = Marks.Zero with { WorkReceived = 4, WorkAgain = true };
        var at = TimeSpan.FromSeconds(1);

        var first = lane.OnMarks(again, at);
        var second = first.OnSent(10, at).OnMarks(again, at + TimeSpan.FromMilliseconds(10));

        Assert.That(first.Sent, Is.EqualTo(4));
        Assert.That(second.Sent, Is.EqualTo(10));
    }

    [Test]
    public void Marks_beyond_what_was_given_are_not_believed()
    {
        var lane = Fresh.OnGiven(10).OnSent(10, T0);

        Assert.That(lane.OnMarks(Marks.Zero with { WorkWatermark = 11 }, T0), Is.EqualTo(lane));
    }

    [Test]
    public void After_a_new_session_all_above_the_watermark_is_sent_again()
    {
        var lane = Fresh.OnGiven(10).OnSent(10, T0).OnMarks(Marks.Zero with { WorkWatermark = 3, WorkReceived = 9 }, T0);

        Assert.That(lane.OnAgreed(3, T0).Sent, Is.EqualTo(3));
    }

    [Test]
    public void Messages_of_one_key_go_to_the_router_one_after_the_other_and_other_keys_pass()
    {
        var (one, first) = Empty.On(Item(1, "a"));
        var (two, second) = one.On(Item(2, "a"));
        var (three, other) = two.On(Item(3, "b"));

        var (done, following) = three.OnDone(1);

        Assert.That((first, second, other), Is.EqualTo((Arrival.Deliver, Arrival.Wait, Arrival.Deliver)));
        Assert.That(following!.Number, Is.EqualTo(2));
        Assert.That(done.DoneTo, Is.EqualTo(1));
    }

    [Test]
    public void The_watermark_moves_over_the_contiguous_prefix_only()
    {
        var lane = Empty.On(Item(1, "a")).Next.On(Item(2, "b")).Next.On(Item(3, "c")).Next;

        var without = lane.OnDone(3).Next.OnDone(2).Next;
        var whole = without.OnDone(1).Next;

        Assert.That(without.DoneTo, Is.EqualTo(0));
        Assert.That(whole.DoneTo, Is.EqualTo(3));
        Assert.That(whole.DoneAbove, Is.Empty);
        Assert.That(whole.Unfinished, Is.Empty);
        Assert.That(whole.Lines, Is.Empty);
    }

    [Test]
    public void Duplicates_gaps_and_too_much_are_told_apart()
    {
        var lane = WorkReceiving.From(5, []);

        Assert.That(lane.On(Item(5, "a")).Arrival, Is.EqualTo(Arrival.Duplicate));
        Assert.That(lane.On(Item(7, "a")).Arrival, Is.EqualTo(Arrival.Gap));
        for (var number = 6; number <= 5 + WorkSending.Window; number++)
            lane = lane.On(Item(number, $"k{number}")).Next;
        Assert.That(lane.On(Item(6 + WorkSending.Window, "a")).Arrival, Is.EqualTo(Arrival.Full));
    }

    [Test]
    public void A_number_that_is_not_first_of_its_key_cannot_be_done()
    {
        var lane = Empty.On(Item(1, "a")).Next.On(Item(2, "a")).Next;

        Assert.That(lane.OnDone(2).Next, Is.EqualTo(lane));
        Assert.That(lane.OnDone(9).Next, Is.EqualTo(lane));
    }

    [Test]
    public void A_page_that_does_not_join_is_asked_again_and_one_at_a_time_is_with_the_router()
    {
        var lane = new StateReceiving(10, null);
        var joins = new StatePage(10, 20, []);

        var (busy, arrival) = lane.On(joins);

        Assert.That(arrival, Is.EqualTo(PageArrival.Deliver));
        Assert.That(lane.On(new StatePage(11, 20, [])).Arrival, Is.EqualTo(PageArrival.Gap));
        Assert.That(lane.On(new StatePage(0, 10, [])).Arrival, Is.EqualTo(PageArrival.Duplicate));
        Assert.That(busy.On(joins).Arrival, Is.EqualTo(PageArrival.Busy));
        Assert.That(busy.OnDone(15), Is.EqualTo(busy), "an answer to another page");
        Assert.That(busy.OnDone(20), Is.EqualTo(new StateReceiving(20, null)));
    }

    [Test]
    public void Changes_that_do_not_concern_the_neighbour_are_passed_over_by_the_next_page_that_does()
    {
        var lane = StateSending.Zero.OnAgreed(10).OnChange(20);
        Assert.That(lane.Move, Is.EqualTo(StateMove.ReadPage));

        var empty = lane.OnReading().OnRead(10, new StatePage(10, 20, []));
        Assert.That(empty.Move, Is.EqualTo(StateMove.None));
        Assert.That(empty.Lag, Is.EqualTo(0));

        var row = new StateRow("row", "k", 25, false, default);
        var page = empty.OnChange(25).OnReading().OnRead(20, new StatePage(20, 25, [row])).Page!;
        Assert.That((page.From, page.To), Is.EqualTo((10L, 25L)));
    }

    [Test]
    public void A_source_that_answers_an_empty_page_below_what_was_announced_is_not_asked_for_ever()
    {
        var lane = StateSending.Zero.OnAgreed(0).OnChange(20).OnReading().OnRead(0, new StatePage(0, 5, []));

        Assert.That(lane.Move, Is.EqualTo(StateMove.None));
    }

    [Test]
    public void One_page_is_on_the_way_and_comes_again_after_two_seconds()
    {
        var row = new StateRow("row", "k", 5, false, default);
        var lane = StateSending.Zero.OnAgreed(0).OnChange(5).OnReading().OnRead(0, new StatePage(0, 5, [row]));
        Assert.That(lane.Move, Is.EqualTo(StateMove.SendPage));

        var sent = lane.OnSent(T0).OnChange(9);

        Assert.That(sent.Move, Is.EqualTo(StateMove.None), "the newer change waits");
        Assert.That(sent.OnTick(TimeSpan.FromSeconds(1.9)).Move, Is.EqualTo(StateMove.None));
        Assert.That(sent.OnTick(TimeSpan.FromSeconds(2)).Move, Is.EqualTo(StateMove.SendPage));
        Assert.That(sent.OnMarks(Marks.Zero with { StateWatermark = 5 }).Move, Is.EqualTo(StateMove.ReadPage));
    }

    [Test]
    public void A_neighbour_is_suspect_after_three_heartbeats_and_down_when_the_probe_fails_too()
    {
        var watch = NeighbourWatch.Silent(T0);
        Assert.That(watch.Health, Is.EqualTo(NeighbourHealth.Down));

        var up = watch.Heard(T0);
        var suspect = up.Tick(TimeSpan.FromSeconds(4));

        Assert.That(up.Tick(TimeSpan.FromSeconds(3)).Health, Is.EqualTo(NeighbourHealth.Up));
        Assert.That(suspect.Health, Is.EqualTo(NeighbourHealth.Suspect));
        Assert.That(suspect.Probes, Is.True);
        Assert.That(suspect.Heard(TimeSpan.FromSeconds(4.5)).Health, Is.EqualTo(NeighbourHealth.Up));
        Assert.That(suspect.Tick(TimeSpan.FromSeconds(5)).Health, Is.EqualTo(NeighbourHealth.Down));
    }

    private static WorkItem Item(long number, string key) => new(number, key, "a.v1", default, null);
}
