using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Npgsql;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Storage;

public sealed class GroupQueueTests
{
    private readonly GroupQueue _queue = new(maxGroup: 4);

    [Test]
    public void A_group_takes_what_waits_up_to_its_bound_in_order()
    {
        var changes = Add(Plain("a"), Plain("b"), Plain("c"), Plain("d"), Plain("e"));

        Assert.That(Begin(), Is.EqualTo(changes[..4]));
        Assert.That(_queue.TryBegin(), Is.False, "one group at a time");
        _queue.End();
        Assert.That(Begin(), Is.EqualTo(changes[4..]));
    }

    [Test]
    public void A_second_change_of_a_row_waits_with_what_depends_on_it_and_others_pass()
    {
        var changes = Add(Guarded(1), Guarded(1, key: "k"), Plain("k"), Plain("other"), Guarded(2));

        Assert.That(Begin(), Is.EqualTo(new[] { changes[0], changes[3], changes[4] }));
        _queue.End();
        Assert.That(Begin(), Is.EqualTo(new[] { changes[1], changes[2] }));
    }

    [Test]
    public void What_waits_for_one_row_holds_back_its_other_rows_too()
    {
        var changes = Add(Guarded([1]), Guarded([1, 2]), Guarded([2]));

        Assert.That(Begin(), Is.EqualTo(changes[..1]));
        _queue.End();
        Assert.That(Begin(), Is.EqualTo(new[] { changes[1] }));
        _queue.End();
        Assert.That(Begin(), Is.EqualTo(new[] { changes[2] }));
    }

    [Test]
    public void After_a_missed_guard_the_others_run_again_before_what_came_later()
    {
        var changes = Add(Guarded(1), Guarded(2), Guarded(3));
        Begin();
        var later = Add(Plain("later"));

        var failed = _queue.Miss([(1, changes[1].Change.Writes[0])]);

        Assert.That(failed.Select(member => member.Change), Is.EqualTo(new[] { changes[1] }));
        Assert.That(Begin(), Is.EqualTo(new[] { changes[0], changes[2] }));
        _queue.End();
        Assert.That(Begin(), Is.EqualTo(later));
    }

    [Test]
    public void Members_that_share_a_missed_sum_run_alone_in_order_and_the_others_together_between_them()
    {
        var changes = Add(Plain("a"), Summed(), Plain("b"), Summed());
        Begin();

        var failed = _queue.Miss([(1, changes[1].Change.Writes[0]), (3, changes[3].Change.Writes[0])]);

        Assert.That(failed, Is.Empty, "which of them does not fit is not known yet");
        foreach (var change in changes)
        {
            Assert.That(Begin(), Is.EqualTo(new[] { change }));
            _queue.End();
        }
        Assert.That(_queue.IsEmpty);
    }

    [Test]
    public void A_sum_missed_alone_is_the_members_own()
    {
        var changes = Add(Summed());
        Begin();

        var failed = _queue.Miss([(0, changes[0].Change.Writes[0])]);

        Assert.That(failed.Single().Change, Is.EqualTo(changes[0]));
        Assert.That(_queue.IsEmpty);
    }

    [Test]
    public void With_a_guard_and_a_sum_missed_the_guard_goes_first_and_the_sum_is_tried_again()
    {
        var changes = Add(Guarded(1), Summed(), Plain("a"));
        Begin();

        var failed = _queue.Miss([(0, changes[0].Change.Writes[0]), (1, changes[1].Change.Writes[0])]);

        Assert.That(failed.Select(member => member.Change), Is.EqualTo(new[] { changes[0] }));
        Assert.That(Begin(), Is.EqualTo(new[] { changes[1], changes[2] }));
    }

    [Test]
    public void A_refused_group_is_halved_until_the_culprit_stands_alone()
    {
        var changes = Add(Plain("a"), Plain("b"), Plain("culprit"), Plain("d"));
        var refused = new List<PendingChange>();
        var committed = new List<PendingChange>();

        while (_queue.TryBegin())
        {
            if (!_queue.Current.Contains(changes[2]))
                committed.AddRange(_queue.End());
            else if (_queue.Refuse() is { } culprit)
                refused.Add(culprit);
        }

        Assert.That(refused, Is.EqualTo(new[] { changes[2] }));
        Assert.That(committed, Is.EqualTo(new[] { changes[0], changes[1], changes[3] }));
    }

    [Test]
    public void What_waits_can_be_taken_out_whole_and_in_order()
    {
        var changes = Add(Summed(), Plain("a"), Plain("b"), Plain("c"), Plain("d"));
        Begin();
        _queue.Miss([(0, changes[0].Change.Writes[0])]);

        Assert.That(_queue.TakeWaiting(), Is.EqualTo(changes));
        Assert.That(_queue.IsEmpty);
    }

    [Test]
    public void Whatever_waits_a_row_is_in_a_group_once_and_its_changes_keep_their_order([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var asked = Enumerable.Range(0, 300).Select(_ => Guarded([random.Next(5), 5 + random.Next(5)])).ToList();
        asked.ForEach(_queue.Add);
        var order = new List<PendingChange>();

        while (_queue.TryBegin())
        {
            var rows = _queue.Current.SelectMany(change => change.Rows).ToList();
            Assert.That(rows, Is.Unique, $"seed {seed}");
            order.AddRange(_queue.End());
        }

        Assert.That(order, Is.EquivalentTo(asked), $"seed {seed}");
        for (var row = 0; row < 10; row++)
            Assert.That(order.Where(change => change.Rows.Contains(row)), Is.EqualTo(asked.Where(change => change.Rows.Contains(row))), $"seed {seed}, row {row}");
    }

    private IReadOnlyList<PendingChange> Begin() => _queue.TryBegin() ? _queue.Current : [];

    private List<PendingChange> Add(params PendingChange[] changes)
    {
        foreach (var change in changes)
            _queue.Add(change);
        return [.. changes];
    }

    private static PendingChange Plain(string key) => new(new Change(Work(key)), _ => { });

    private static PendingChange Guarded(int row, string? key = null) =>
        new(new Change([new TestWrite(row), .. key is null ? Array.Empty<IWrite>() : [Work(key)]]), _ => { });

    private static PendingChange Guarded(int[] rows) => new(new Change([.. rows.Select(row => new TestWrite(row))]), _ => { });

    private static PendingChange Summed() => new(new Change(new TestWrite(Row: null)), _ => { });

    private static SendWork Work(string key) => new(
        CellName.Parse("up"), key, new InstanceDeleted(new InstanceId(Guid.Empty), Epoch: 1, Intent: 1, LastGeneration: 1), TraceParent: null);

    private sealed record TestWrite(int? Row) : IWrite
    {
        public WriteKind Kind => TestKind.Instance;
    }

    private sealed class TestKind() : WriteKind("test", 100)
    {
        public static readonly TestKind Instance = new();

        public override object? GuardedRow(IWrite write) => ((TestWrite)write).Row;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
            throw new InvalidOperationException("No statement is made in these tests.");
    }
}
