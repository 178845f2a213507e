using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class ManualTimeTests
{
    private readonly ManualTime _time = new(DateTimeOffset.UnixEpoch);

    [Test]
    public void Timers_ring_in_order_of_due_time_then_of_starting_each_at_its_own_time()
    {
        var rung = new List<string>();
        void Set(string name, int due, int period = -1) =>
            _time.CreateTimer(_ => rung.Add($"{name} {_time.Elapsed.TotalSeconds}"), null, TimeSpan.FromSeconds(due), period < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(period));
        Set("late", 5);
        Set("tie1", 2);
        Set("tie2", 2);
        Set("each", 1, 2);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.That(rung, Is.EqualTo(new[] { "each 1", "tie1 2", "tie2 2", "each 3", "late 5", "each 5" }));
        Assert.That(_time.NextDue, Is.EqualTo(TimeSpan.FromSeconds(7)));
    }

    [Test]
    public void A_disposed_or_changed_timer_does_not_ring_at_its_old_time()
    {
        var rung = 0;
        var disposed = _time.CreateTimer(_ => rung++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var changed = _time.CreateTimer(_ => rung++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        changed.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.That(rung, Is.Zero);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(rung, Is.EqualTo(1));
    }

    [Test]
    public void The_wall_clock_may_be_wrong_while_elapsed_time_is_not()
    {
        _time.Advance(TimeSpan.FromSeconds(10));
        _time.WallClockError = TimeSpan.FromHours(-1);

        Assert.That(_time.GetUtcNow(), Is.EqualTo(DateTimeOffset.UnixEpoch.AddSeconds(10).AddHours(-1)));
        Assert.That(_time.GetElapsedTime(0), Is.EqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(() => _time.AdvanceTo(TimeSpan.FromSeconds(9)), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Task_Delay_with_this_time_completes_when_it_is_moved()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(1), _time);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(delay.IsCompletedSuccessfully, Is.True);
    }
}
