using Cells.Compute.Showing;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

public sealed class ShownRowsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly CommitOutcome Committed = new CommitOutcome.Committed([]);
    private static readonly PoolRow Pool = new(Rows.Cell, "p", 0, null, "connecting", "starting", Now);

    private readonly ShownRows _rows = new();

    [Test]
    public void A_row_is_written_once_for_each_change_one_generation_on()
    {
        _rows.Want(PoolRow.Kind, "p", Pool);
        var first = End(Committed);
        Assert.That(_rows.TakeDue(Now), Is.Empty);

        _rows.Want(PoolRow.Kind, "p", Pool with { Generation = 77 });
        Assert.That(_rows.TakeDue(Now), Is.Empty, "the generation is the row's own, not what is wanted");
        _rows.Want(PoolRow.Kind, "p", Pool with { Why = "no answer" });
        var second = End(Committed);

        Assert.That((first.Generation, second.Generation), Is.EqualTo((Now.ToUnixTimeMilliseconds(), first.Generation + 1)));
        Assert.That(((PoolRow)second.Read()!).Generation, Is.EqualTo(second.Generation), "the copy above merges by what the row itself says");
    }

    [Test]
    public void What_could_not_be_written_is_due_again_and_nothing_is_due_twice_at_once()
    {
        _rows.Want(PoolRow.Kind, "p", Pool);
        var under = _rows.TakeDue(Now).Single();
        Assert.That(_rows.TakeDue(Now), Is.Empty);

        Assert.That(_rows.Ended(under, new CommitOutcome.Unavailable("away")), Is.False);

        Assert.That(_rows.TakeDue(Now).Single(), Is.EqualTo(under));
    }

    [Test]
    public void A_row_that_somebody_else_wrote_is_read_back_and_what_is_wanted_written_above_it()
    {
        _rows.Want(PoolRow.Kind, "p", Pool);
        var missed = _rows.Ended(_rows.TakeDue(Now).Single(), new CommitOutcome.Missed([]));
        Assert.That(missed);

        _rows.Load([ShownRow.Of("p", Pool with { Generation = 9, Why = "another life" }, gone: false, Now)]);

        Assert.That(_rows.TakeDue(Now).Single().Generation, Is.EqualTo(10));
    }

    [Test]
    public void What_is_gone_is_a_tombstone_once_and_purged_when_it_is_old()
    {
        _rows.Load([ShownRow.Of("p", Pool with { Generation = 3 }, gone: false, Now)]);
        Assert.That(_rows.TakeDue(Now), Is.Empty);

        _rows.WantGone(PoolRow.Kind, "p");
        var tombstone = End(Committed);

        Assert.That((tombstone.Gone, tombstone.Generation), Is.EqualTo((true, 4)));
        Assert.That(_rows.TakeDue(Now), Is.Empty);
        Assert.That(_rows.TakeBuried(before: Now), Is.Empty);
        Assert.That(_rows.TakeBuried(before: Now.AddSeconds(1)), Is.EqualTo(new[] { tombstone }));
        _rows.Want(PoolRow.Kind, "p", Pool);
        Assert.That(_rows.TakeDue(Now.AddDays(1)).Single().Generation, Is.GreaterThan(tombstone.Generation), "the copies above keep the tombstone, and take what is newer");
    }

    private ShownRow End(CommitOutcome outcome)
    {
        var row = _rows.TakeDue(Now).Single();
        Assert.That(_rows.Ended(row, outcome), Is.False);
        return row;
    }
}
