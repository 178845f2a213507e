using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Dispatch;

public sealed class DispatchingTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly CellName Here = CellName.Parse("here");
    private static readonly CellName Up = CellName.Parse("up");
    private static readonly CellName Other = CellName.Parse("other");
    private static readonly CellName A = CellName.Parse("a");
    private static readonly CellName B = CellName.Parse("b");
    private static readonly InstanceId Id = new(Guid.Parse("11111111-1111-4111-8111-111111111111"));
    private static readonly ProjectId Project = new(Guid.Parse("22222222-2222-4222-8222-222222222222"));
    private static readonly HostId Host = new(Guid.Parse("33333333-3333-4333-8333-333333333333"));
    private static readonly Explanation Chose = new(Here, "cell", null, 2, [new FilterCount("capacity", 2, ["a: full", "b: full"])], [], [], "a smaller flavor");

    private static readonly BuildInstance Build = new(
        Id, 1, 1, 0, Project, new UserId(Guid.Empty), "req-1", "s1", new Flavor("1", "small", 1, 512, 1),
        new ImageSpec(new ImageId(Guid.Empty), 1, "00", "raw"), PlacementHints.None);

    private static DeleteInstance Delete(long epoch = 1) => new(Id, epoch, 2, Project, "req-2");
    private static InstancePlaced Placed(long epoch = 1) => new(Id, epoch, 1, A, Host, "h1", [Chose with { Question = "host" }]);
    private static PlacementFailed Failed(long epoch = 1, long lastGeneration = 7, CellName? cell = null) =>
        new(Id, epoch, 1, lastGeneration, [new Refusal(cell ?? A, "no_valid_host", "full", null)]);
    private static InstanceDeleted Gone(long epoch = 1) => new(Id, epoch, 2, 9);

    /// <param name="order">Children in the order they are asked; those already tried are passed over.</param>
    private static DispatchScene Scene(CellName[] order, bool mayComeLater = false, bool skipTombstones = false, bool isHeard = false) => new(
        Here,
        (build, tried) =>
        {
            var next = order.Where(c => !tried.Contains(c) && !build.Hints.NotCells.Contains(c)).Select(c => (CellName?)c).FirstOrDefault();
            return new CellChoice(next, next is null && mayComeLater, Chose with { Chosen = next?.Value });
        },
        T0, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10), skipTombstones, _ => isHeard);

    private static DispatchRow Row(DispatchState state, CellName? parent, CellName? asked = null, long epoch = 1) => new(
        Id, epoch, 1, parent, state, asked ?? (state == DispatchState.Waiting ? null : A), state == DispatchState.CancelledAsking ? 2 : null,
        LastGeneration: 0, Build with { Epoch = epoch }, [Chose], [], state == DispatchState.Placed ? Placed(epoch) : null, null,
        parent is null ? T0.AddMinutes(-1) : null, null, T0.AddMinutes(-5), T0.AddMinutes(-5), Generation: 3);

    private static Decision Decide(DispatchRow? row, DispatchEvent happened, params CellName[] order) =>
        Dispatching.Decide(row is null ? [] : [row], happened, Scene(order.Length == 0 ? [A, B] : order));

    private static IEnumerable<TestCaseData> RoutingTable()
    {
        static TestCaseData Case(DispatchState? state, DispatchEvent happened, DispatchState? to, string mail, string? refused = null) =>
            new TestCaseData(state, happened, to, mail, refused).SetArgDisplayNames($"{state?.ToString() ?? "None"} x {happened.GetType().Name}");

        var build = new DispatchEvent.Build(Build, Up);
        var delete = new DispatchEvent.Delete(Delete(), Up);
        var placed = new DispatchEvent.Placed(Placed(), A);
        var failed = new DispatchEvent.Failed(Failed(), A);
        var gone = new DispatchEvent.Gone(Gone(), A);
        const string foreign = Decision.Foreign, stale = Decision.Stale;

        yield return Case(null, build, DispatchState.Asking, "a:BuildInstance");
        yield return Case(DispatchState.Waiting, build, null, "");
        yield return Case(DispatchState.Asking, build, null, "");
        yield return Case(DispatchState.Placed, build, null, "up:InstancePlaced");
        yield return Case(DispatchState.Refused, build, null, "up:PlacementFailed");
        yield return Case(DispatchState.CancelledAsking, build, null, "");
        yield return Case(DispatchState.Deleted, build, null, "up:InstanceDeleted");

        yield return Case(null, delete, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.Waiting, delete, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.Asking, delete, DispatchState.CancelledAsking, "a:DeleteInstance");
        yield return Case(DispatchState.Placed, delete, DispatchState.CancelledAsking, "a:DeleteInstance");
        yield return Case(DispatchState.Refused, delete, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.CancelledAsking, delete, null, "");
        yield return Case(DispatchState.Deleted, delete, null, "up:InstanceDeleted");

        yield return Case(null, placed, null, "", foreign);
        yield return Case(DispatchState.Waiting, placed, null, "", foreign);
        yield return Case(DispatchState.Asking, placed, DispatchState.Placed, "up:InstancePlaced");
        yield return Case(DispatchState.Placed, placed, null, "");
        yield return Case(DispatchState.Refused, placed, null, "", stale);
        yield return Case(DispatchState.CancelledAsking, placed, null, "");
        yield return Case(DispatchState.Deleted, placed, null, "", stale);

        yield return Case(null, failed, null, "", foreign);
        yield return Case(DispatchState.Waiting, failed, null, "", foreign);
        yield return Case(DispatchState.Asking, failed, DispatchState.Asking, "b:BuildInstance");
        yield return Case(DispatchState.Placed, failed, DispatchState.Asking, "b:BuildInstance");
        yield return Case(DispatchState.Refused, failed, null, "", stale);
        yield return Case(DispatchState.CancelledAsking, failed, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.Deleted, failed, null, "", stale);

        yield return Case(null, gone, null, "", foreign);
        yield return Case(DispatchState.Waiting, gone, null, "", foreign);
        yield return Case(DispatchState.Asking, gone, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.Placed, gone, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.Refused, gone, null, "", stale);
        yield return Case(DispatchState.CancelledAsking, gone, DispatchState.Deleted, "up:InstanceDeleted");
        yield return Case(DispatchState.Deleted, gone, null, "");
    }

    [TestCaseSource(nameof(RoutingTable))]
    public void In_a_routing_cell_each_event_does_what_the_table_says(
        DispatchState? state, object happened, DispatchState? to, string mail, string? refused)
    {
        var before = state is { } known ? Row(known, Up) : null;

        var decision = Decide(before, (DispatchEvent)happened);

        Assert.Multiple(() =>
        {
            Assert.That(decision.Rows.Select(r => r.State), Is.EqualTo(to is { } next ? new[] { next } : []));
            Assert.That(decision.Rows.Select(r => r.Generation), Is.All.EqualTo(before is null ? 1 : before.Generation + 1));
            Assert.That(string.Join(' ', decision.Mail.Select(m => $"{m.Link}:{m.Message.GetType().Name}")), Is.EqualTo(mail));
            Assert.That(decision.Refused, Is.EqualTo(refused));
            Assert.That(decision.Terminated, Is.False);
        });
    }

    [Test]
    public void A_build_that_went_on_to_another_host_is_told_upwards_once()
    {
        var no = new Refusal(A, "build_failed", "Host h1, attempt 1: no", null);
        var row = Row(DispatchState.Placed, Up);
        var moved = Placed() with { HostName = "h2", Tried = [no] };

        var decision = Decide(row, new DispatchEvent.Placed(moved, A));

        Assert.That(decision.Rows.Single().Placed, Is.EqualTo(moved));
        var told = (InstancePlaced)decision.Mail.Single().Message;
        Assert.That((told.HostName, told.Tried), Is.EqualTo(("h2", moved.Tried)));
        Assert.That(told.Why, Has.Count.EqualTo(2), "this cell's choice and the child's");

        var late = Decide(decision.Rows.Single(), new DispatchEvent.Placed(Placed(), A));
        Assert.That((late.Rows.Count, late.Mail.Count), Is.EqualTo((0, 0)), "the older word came again: nothing of it counts");
    }

    [Test]
    public void What_an_earlier_child_refused_travels_up_with_the_place_that_was_found()
    {
        var no = new Refusal(A, "no_valid_host", "full", null);
        var row = Row(DispatchState.Asking, Up, B) with { Tried = [new Trial(A, [no])] };

        var decision = Decide(row, new DispatchEvent.Placed(Placed() with { Cell = B }, B));

        Assert.That(((InstancePlaced)decision.Mail.Single().Message).Tried, Is.EqualTo(new[] { no }));
    }

    [Test]
    public void Whatever_happens_twice_changes_nothing_the_second_time([Values] bool home)
    {
        var parent = home ? (CellName?)null : Up;
        DispatchEvent[] events =
        [
            new DispatchEvent.Build(Build, parent), new DispatchEvent.Placed(Placed(), A), new DispatchEvent.Delete(Delete(), parent),
            new DispatchEvent.Gone(Gone(), A),
        ];
        IReadOnlyList<DispatchRow> rows = [];

        foreach (var happened in events)
        {
            rows = Applied(rows, Dispatching.Decide(rows, happened, Scene([A, B])));
            var again = Dispatching.Decide(rows, happened, Scene([A, B]));
            Assert.That(again.Rows, Is.Empty, $"second {happened.GetType().Name}");
            Assert.That(again.Mail.Select(m => m.Link), Is.All.EqualTo(Up), $"second {happened.GetType().Name}: only the asker is answered again");
        }

        Assert.That(rows.Single().State, Is.EqualTo(DispatchState.Deleted));
    }

    [Test]
    public void Any_order_and_repetition_of_messages_ends_without_an_exception_and_deleted_stays_deleted([NUnit.Framework.Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        IReadOnlyList<DispatchRow> rows = [];
        for (var step = 0; step < 60; step++)
        {
            var link = random.Next(3) switch { 0 => A, 1 => B, _ => Other };
            var epoch = random.Next(1, 4);
            DispatchEvent happened = random.Next(8) switch
            {
                0 => new DispatchEvent.Build(Build with { Epoch = epoch }, Up),
                1 => new DispatchEvent.Delete(Delete(epoch), Up),
                2 => new DispatchEvent.Placed(Placed(epoch), link),
                3 => new DispatchEvent.Failed(Failed(epoch, random.Next(20), link), link),
                4 => new DispatchEvent.Gone(Gone(epoch), link),
                5 => new DispatchEvent.Heard(Id),
                6 => new DispatchEvent.Due(Id, epoch, null),
                _ => new DispatchEvent.Reset(Id, link),
            };
            var deleted = rows.Where(r => r.State == DispatchState.Deleted).Select(r => r.Epoch).ToList();

            rows = Applied(rows, Dispatching.Decide(rows, happened, Scene(random.Next(2) == 0 ? [A, B] : [], random.Next(2) == 0)));

            Assert.That(rows.Where(r => deleted.Contains(r.Epoch)).Select(r => r.State), Is.All.EqualTo(DispatchState.Deleted), $"seed {seed}, step {step}");
            Assert.That(rows.Select(r => r.Epoch), Is.Unique, $"seed {seed}, step {step}");
        }
    }

    [Test]
    public void At_home_a_new_server_asks_the_chosen_child_and_has_the_request_s_deadline()
    {
        var decision = Decide(null, new DispatchEvent.Build(Build, null));

        var row = decision.Rows.Single();
        Assert.Multiple(() =>
        {
            Assert.That((row.State, row.Asked, row.Deadline, row.Generation), Is.EqualTo((DispatchState.Asking, (CellName?)A, (DateTimeOffset?)T0.AddMinutes(10), 1L)));
            Assert.That(decision.Mail, Is.EqualTo(new[] { new Mail(A, Build) }));
            Assert.That(row.Why.Single().Chosen, Is.EqualTo("a"));
        });
    }

    [Test]
    public void At_home_a_server_that_fits_nowhere_is_refused_at_once_with_the_reasons()
    {
        var row = Dispatching.FirstDispatch(Build, null, Scene([])).Rows.Single();

        Assert.Multiple(() =>
        {
            Assert.That(row.State, Is.EqualTo(DispatchState.Refused));
            Assert.That(row.Fault, Is.EqualTo("No valid host was found. here: a: full; b: full."));
            Assert.That(row.Deadline, Is.Null);
        });
    }

    [Test]
    public void While_nobody_is_heard_a_server_waits_and_asks_as_soon_as_a_child_is_heard()
    {
        var waiting = Dispatching.FirstDispatch(Build, null, Scene([], mayComeLater: true)).Rows.Single();
        var still = Dispatching.Decide([waiting], new DispatchEvent.Heard(Id), Scene([], mayComeLater: true));
        var asked = Dispatching.Decide([waiting], new DispatchEvent.Heard(Id), Scene([B]));

        Assert.Multiple(() =>
        {
            Assert.That(waiting.State, Is.EqualTo(DispatchState.Waiting));
            Assert.That(still, Is.EqualTo(Decision.Nothing));
            Assert.That((asked.Rows.Single().State, asked.Rows.Single().Asked), Is.EqualTo((DispatchState.Asking, (CellName?)B)));
            Assert.That(asked.Rows.Single().Deadline, Is.EqualTo(waiting.Deadline));
        });
    }

    [Test]
    public void A_routing_cell_tries_the_next_child_in_the_same_epoch_above_the_generations_of_the_first()
    {
        var decision = Decide(Row(DispatchState.Asking, Up), new DispatchEvent.Failed(Failed(lastGeneration: 7), A));

        var asked = (BuildInstance)decision.Mail.Single().Message;
        Assert.Multiple(() =>
        {
            Assert.That((asked.Epoch, asked.GenerationFloor), Is.EqualTo((1L, 7L)));
            Assert.That(asked.Hints.NotCells, Is.EqualTo(new[] { A }));
            Assert.That(decision.Rows.Single().Tried.Single().Child, Is.EqualTo(A));
        });
    }

    [Test]
    public void A_routing_cell_without_another_child_passes_the_whole_story_up()
    {
        var second = Decide(Row(DispatchState.Asking, Up), new DispatchEvent.Failed(Failed(lastGeneration: 7), A)).Rows.Single();

        var decision = Decide(second, new DispatchEvent.Failed(Failed(lastGeneration: 12, cell: B), B));

        var up = (PlacementFailed)decision.Mail.Single().Message;
        Assert.Multiple(() =>
        {
            Assert.That(decision.Rows.Single().State, Is.EqualTo(DispatchState.Refused));
            Assert.That(up.Tried.Select(r => r.Cell), Is.EqualTo(new[] { A, B, Here }));
            Assert.That(up.LastGeneration, Is.EqualTo(12));
        });
    }

    [Test]
    public void The_home_raises_the_epoch_for_the_next_child_and_ends_the_old_one()
    {
        var decision = Decide(Row(DispatchState.Placed, null), new DispatchEvent.Failed(Failed(), A));

        var (over, asking) = (decision.Rows[0], decision.Rows[1]);
        var asked = (BuildInstance)decision.Mail.Single().Message;
        Assert.Multiple(() =>
        {
            Assert.That((over.Epoch, over.State, over.Generation, over.Deadline), Is.EqualTo((1L, DispatchState.Refused, 4L, (DateTimeOffset?)null)));
            Assert.That((asking.Epoch, asking.State, asking.Asked, asking.Generation), Is.EqualTo((2L, DispatchState.Asking, (CellName?)B, 1L)));
            Assert.That(asking.Deadline, Is.EqualTo(Row(DispatchState.Placed, null).Deadline), "the request keeps its deadline");
            Assert.That((asked.Epoch, asked.GenerationFloor, asked.Intent), Is.EqualTo((2L, 0L, 1L)));
        });
    }

    [Test]
    public void When_every_child_refused_the_home_shows_the_story_of_all_epochs()
    {
        var rows = Decide(Row(DispatchState.Asking, null), new DispatchEvent.Failed(Failed(), A)).Rows;

        var over = Dispatching.Decide(rows, new DispatchEvent.Failed(Failed(epoch: 2, cell: B), B), Scene([A, B])).Rows.Single();

        Assert.That((over.Epoch, over.State, over.Fault), Is.EqualTo(
            (2L, DispatchState.Refused, "No valid host was found. a: full; b: full; here: a: full; b: full.")));
    }

    [Test]
    public void A_build_of_a_lower_epoch_is_refused_and_its_sender_told()
    {
        var decision = Decide(Row(DispatchState.Asking, Up, epoch: 3), new DispatchEvent.Build(Build, Up));

        Assert.Multiple(() =>
        {
            Assert.That(decision.Refused, Is.EqualTo(Decision.StaleEpoch));
            Assert.That(decision.Rows, Is.Empty);
            Assert.That(((PlacementFailed)decision.Mail.Single().Message).Epoch, Is.EqualTo(1));
        });
    }

    [Test]
    public void A_build_that_comes_after_the_delete_of_its_instance_is_answered_deleted_unless_the_planted_bug_is_there([Values] bool bug)
    {
        var scene = Scene([A], skipTombstones: bug);
        var rows = Dispatching.Decide([], new DispatchEvent.Delete(Delete(epoch: 2), Up), scene).Rows;

        var late = Dispatching.Decide(rows, new DispatchEvent.Build(Build, Up), scene);

        Assert.That(late.Mail.Single().Message, bug ? Is.TypeOf<BuildInstance>() : Is.EqualTo(new InstanceDeleted(Id, 1, 1, 0)));
    }

    [Test]
    public void A_refusal_of_a_cancelled_build_is_a_deletion([Values] bool home)
    {
        var decision = Decide(Row(DispatchState.CancelledAsking, home ? null : Up), new DispatchEvent.Failed(Failed(), A));

        Assert.Multiple(() =>
        {
            Assert.That(decision.Rows.Single().State, Is.EqualTo(DispatchState.Deleted));
            Assert.That(decision.Terminated, Is.EqualTo(home));
            Assert.That(decision.Mail.Select(m => m.Message), Is.EqualTo(home ? Array.Empty<object>() : [new InstanceDeleted(Id, 1, 2, 7)]));
        });
    }

    [TestCase(DispatchState.Waiting)]
    [TestCase(DispatchState.Refused)]
    public void At_home_a_delete_of_what_nobody_holds_ends_it_at_once(DispatchState state)
    {
        var decision = Decide(Row(state, null), new DispatchEvent.Delete(Delete(), null));

        Assert.That((decision.Rows.Single().State, decision.Terminated, decision.Mail.Count), Is.EqualTo((DispatchState.Deleted, true, 0)));
    }

    [Test]
    public void At_home_a_delete_follows_to_the_child_of_the_highest_epoch()
    {
        var rows = new[] { Row(DispatchState.Refused, null), Row(DispatchState.Placed, null, B, epoch: 2) };

        var decision = Dispatching.Decide(rows, new DispatchEvent.Delete(Delete(epoch: 0), null), Scene([]));

        Assert.That(decision.Mail.Single(), Is.EqualTo(new Mail(B, Delete(epoch: 2))));
    }

    [Test]
    public void At_home_an_instance_that_is_gone_without_a_delete_is_an_error_and_not_a_deletion()
    {
        var decision = Decide(Row(DispatchState.Placed, null), new DispatchEvent.Gone(Gone(), A));

        Assert.That((decision.Rows.Single().State, decision.Terminated), Is.EqualTo((DispatchState.Refused, false)));
    }

    [Test]
    public void A_child_that_was_not_asked_is_not_believed([Values(2, 3, 4)] int kind, [Values] bool home)
    {
        DispatchEvent happened = kind switch
        {
            2 => new DispatchEvent.Placed(Placed(), B),
            3 => new DispatchEvent.Failed(Failed(), B),
            _ => new DispatchEvent.Gone(Gone(), B),
        };

        var decision = Decide(Row(DispatchState.CancelledAsking, home ? null : Up), happened);

        Assert.That((decision.Refused, decision.Rows.Count, decision.Mail.Count, decision.Terminated), Is.EqualTo((Decision.Foreign, 0, 0, false)));
    }

    [Test]
    public void A_parent_commands_only_what_it_dispatched([Values] bool home)
    {
        var row = Row(DispatchState.Placed, home ? null : Up);

        var delete = Decide(row, new DispatchEvent.Delete(Delete(), Other));
        var build = Decide(row, new DispatchEvent.Build(Build, Other));

        Assert.That((delete.Refused, delete.Rows.Count, delete.Mail.Count, build.Refused), Is.EqualTo((Decision.Foreign, 0, 0, Decision.Foreign)));
    }

    [Test]
    public void A_child_that_refused_before_is_late_and_not_foreign()
    {
        var second = Decide(Row(DispatchState.Asking, Up), new DispatchEvent.Failed(Failed(), A)).Rows.Single();

        Assert.That(Decide(second, new DispatchEvent.Failed(Failed(), A)).Refused, Is.EqualTo(Decision.Stale));
    }

    private static InstanceRow Observed(long applied, long generation) => new(
        Id, Project, 1, generation, A, Host, "h1", VmState.Building, TaskState.Spawning, PowerState.NoState, 1, applied, false, null, null, null, T0.AddMinutes(-2));

    [Test]
    public void Past_its_deadline_a_request_is_shown_as_silent_and_stays_with_its_cell()
    {
        var decision = Decide(Row(DispatchState.Placed, null), new DispatchEvent.Due(Id, 1, Observed(applied: 0, generation: 4)));

        var row = decision.Rows.Single();
        Assert.Multiple(() =>
        {
            Assert.That((row.State, row.Asked), Is.EqualTo((DispatchState.Placed, (CellName?)A)));
            Assert.That(row.Silence, Is.EqualTo(new ViewSilence(T0.AddMinutes(-2), 4, T0)));
            Assert.That(row.Deadline, Is.EqualTo(T0.AddMinutes(10)));
            Assert.That(decision.Mail, Is.Empty);
        });
    }

    [Test]
    public void Work_that_has_begun_in_a_cell_that_is_heard_is_not_silent_however_long_nothing_is_reported([Values] bool heard)
    {
        var silent = Row(DispatchState.Placed, null) with { Silence = new ViewSilence(T0.AddMinutes(-30), 4, T0.AddMinutes(-20)) };

        var row = Dispatching.Decide([silent], new DispatchEvent.Due(Id, 1, Observed(applied: 0, generation: 4)), Scene([A], isHeard: heard)).Rows.Single();

        Assert.That((row.Silence is null, row.Deadline), Is.EqualTo((heard, (DateTimeOffset?)T0.AddMinutes(10))));
    }

    [Test]
    public void A_delete_that_its_cell_has_not_begun_is_silent_also_while_what_it_outranks_goes_on()
    {
        var deleting = Row(DispatchState.CancelledAsking, null) with { DeleteIntent = 2, Deadline = T0 };

        var row = Dispatching.Decide([deleting], new DispatchEvent.Due(Id, 1, Observed(applied: 0, generation: 4)), Scene([A], isHeard: true)).Rows.Single();
        var begun = Dispatching.Decide(
            [deleting], new DispatchEvent.Due(Id, 1, Observed(applied: 0, generation: 4) with { WorkingIntent = 2 }), Scene([A], isHeard: true)).Rows.Single();

        Assert.That((row.Silence is null, begun.Silence is null), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_finished_request_has_no_deadline_any_more()
    {
        var row = Decide(Row(DispatchState.Placed, null), new DispatchEvent.Due(Id, 1, Observed(applied: 1, generation: 4))).Rows.Single();

        Assert.That((row.Deadline, row.Silence), Is.EqualTo(((DateTimeOffset?)null, (ViewSilence?)null)));
    }

    [Test]
    public void A_row_that_nobody_could_be_asked_for_ends_refused_at_its_deadline([Values] bool home)
    {
        var waiting = Row(DispatchState.Waiting, home ? null : Up) with { Deadline = T0 };

        var decision = Decide(waiting, new DispatchEvent.Due(Id, 1, null));

        Assert.Multiple(() =>
        {
            Assert.That(decision.Rows.Single().State, Is.EqualTo(DispatchState.Refused));
            Assert.That(decision.Rows.Single().Fault, home ? Does.StartWith("No valid host was found. here: no cell below was heard") : Is.Null);
            Assert.That(decision.Mail.Select(m => m.Message.GetType()), Is.EqualTo(home ? Array.Empty<Type>() : [typeof(PlacementFailed)]));
        });
    }

    [TestCase(DispatchState.Asking, "BuildInstance")]
    [TestCase(DispatchState.CancelledAsking, "DeleteInstance")]
    [TestCase(DispatchState.Placed, "")]
    [TestCase(DispatchState.Refused, "")]
    public void After_a_link_began_anew_what_is_open_there_is_sent_again(DispatchState state, string mail)
    {
        var decision = Decide(Row(state, Up), new DispatchEvent.Reset(Id, A));
        var elsewhere = Decide(Row(state, Up), new DispatchEvent.Reset(Id, B));

        Assert.Multiple(() =>
        {
            Assert.That(string.Join(' ', decision.Mail.Select(m => m.Message.GetType().Name)), Is.EqualTo(mail));
            Assert.That(decision.Rows, Is.Empty);
            Assert.That(elsewhere.Mail, Is.Empty);
        });
    }

    private static IReadOnlyList<DispatchRow> Applied(IReadOnlyList<DispatchRow> rows, Decision decision) =>
        [.. rows.Where(r => decision.Rows.All(d => d.Epoch != r.Epoch)).Concat(decision.Rows).OrderBy(r => r.Epoch)];
}
