using Cells.Api.Admin;
using Cells.Api.Dispatch;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.IntegrationTests.Api.Tree;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

[CancelAfter(120_000)]
public sealed class DispatchTreeTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);

    private TreeWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await TreeWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public void A_server_is_placed_two_levels_down_and_its_state_comes_up()
    {
        _world.West.Habit = Habit.Refuse;                                // whichever child is asked first, east is where it ends

        var server = _world.Create();
        _world.Run(Moment);

        var view = _world.View(server);
        Assert.Multiple(() =>
        {
            Assert.That(view.VmState, Is.EqualTo(VmState.Active));
            Assert.That(view.Cell, Is.AnyOf(_world.A.Name, _world.B.Name));
            Assert.That(_world.Row(TreeWorld.Global, server).State, Is.EqualTo(DispatchState.Placed));
            Assert.That(_world.Row(TreeWorld.East, server).State, Is.EqualTo(DispatchState.Placed));
            Assert.That(_world.A.Holds.Count + _world.B.Holds.Count, Is.EqualTo(1));
        });
    }

    [Test]
    public void A_child_that_refuses_is_passed_over_within_the_epoch_and_the_copies_never_fall_back()
    {
        (_world.West.Free, _world.A.Habit) = (default, Habit.Refuse);
        _world.A.Free = new HostResources(2000, 2_000_000);              // more room: asked first
        _world.Run(Moment);

        var server = _world.Create();
        _world.Run(Moment);

        var row = _world.Row(TreeWorld.East, server);
        Assert.Multiple(() =>
        {
            Assert.That((row.Epoch, row.State, row.Asked), Is.EqualTo((1L, DispatchState.Placed, (CellName?)_world.B.Name)));
            Assert.That(row.Tried.Single().Child, Is.EqualTo(_world.A.Name));
            Assert.That(_world.B.Received.OfType<BuildInstance>().Single().GenerationFloor, Is.EqualTo(3));
            Assert.That(_world.Observed(TreeWorld.Global, server)!.Generation, Is.EqualTo(4));
            Assert.That(_world.Rows(TreeWorld.Global, server), Has.Count.EqualTo(1), "the home never heard of the refusal's retry");
        });
    }

    [Test]
    public void When_a_whole_subtree_refuses_the_home_tries_the_next_child_under_a_new_epoch_and_tells_the_story()
    {
        (_world.A.Habit, _world.B.Habit) = (Habit.Refuse, Habit.Refuse);
        _world.West.Free = new HostResources(1, 1024);                   // less room: asked last
        _world.Run(Moment);

        var server = _world.Create();
        _world.Run(Moment);

        var rows = _world.Rows(TreeWorld.Global, server);
        var story = _world.Ask(home => home.Explanations.ReadAsync(server, CancellationToken.None))!;
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(r => (r.Epoch, r.State)), Is.EqualTo(new[] { (1L, DispatchState.Refused), (2L, DispatchState.Placed) }));
            Assert.That(_world.West.Holds[server].Epoch, Is.EqualTo(2));
            Assert.That(_world.View(server).VmState, Is.EqualTo(VmState.Active));
            Assert.That(story.Steps.Select(s => $"{s.Epoch} {s.Cell} {s.What}"), Is.EqualTo(new[]
            {
                "1 global chose", $"1 {Refuser(0)} refused", $"1 {Refuser(1)} refused", "1 east refused", "2 global chose", "2 west chose", "2 west placed",
            }));
        });

        string Refuser(int i) => rows[0].Tried.Single().Said[i].Cell.Value;
    }

    [Test]
    public void When_everybody_refuses_the_server_is_in_error_with_the_reasons()
    {
        (_world.A.Habit, _world.B.Habit, _world.West.Habit) = (Habit.Refuse, Habit.Refuse, Habit.Refuse);

        var server = _world.Create();
        _world.Run(Moment);

        var view = _world.View(server);
        Assert.Multiple(() =>
        {
            Assert.That(view.VmState, Is.EqualTo(VmState.Error));
            Assert.That(view.Fault!.Message, Does.StartWith("No valid host was found. ").And.Contain("west: VM.start_on failed on every host"));
            Assert.That(_world.IsTerminated(server), Is.False, "an error is still the user's server");
        });

        _world.Delete(server);

        Assert.That(_world.IsTerminated(server), Is.True, "nobody holds it: deleted at once");
    }

    [Test]
    public void What_fits_nowhere_is_refused_at_once_with_what_would_fit()
    {
        var server = _world.Create(_world.Build(vcpus: 5000));

        var row = _world.Row(TreeWorld.Global, server);
        Assert.Multiple(() =>
        {
            Assert.That(row.State, Is.EqualTo(DispatchState.Refused));
            Assert.That(row.Fault, Does.StartWith("No valid host was found. global: ").And.Contain("5000 vCPU"));
            Assert.That(row.Why.Single().WouldFit, Is.Not.Null);
        });
    }

    [Test]
    public void A_deleted_server_is_gone_everywhere_and_its_quota_is_free()
    {
        var server = _world.Create();
        _world.Run(Moment);

        _world.Delete(server);
        _world.Run(Moment);

        Assert.Multiple(() =>
        {
            Assert.That(_world.Row(TreeWorld.Global, server).State, Is.EqualTo(DispatchState.Deleted));
            Assert.That(_world.IsTerminated(server), Is.True);
            Assert.That(_world.Observed(TreeWorld.Global, server)!.VmState, Is.EqualTo(VmState.Deleted));
            Assert.That(_world.A.Holds.Count + _world.B.Holds.Count + _world.West.Holds.Count, Is.Zero);
        });
    }

    [Test]
    public void A_delete_follows_a_build_that_nobody_has_answered()
    {
        (_world.A.Habit, _world.B.Habit, _world.West.Habit) = (Habit.KeepSilent, Habit.KeepSilent, Habit.KeepSilent);
        var server = _world.Create();
        _world.Run(Moment);
        Assert.That(_world.Row(TreeWorld.Global, server).State, Is.EqualTo(DispatchState.Asking));

        _world.Delete(server);
        _world.Run(Moment);

        Assert.That((_world.Row(TreeWorld.Global, server).State, _world.IsTerminated(server)), Is.EqualTo((DispatchState.Deleted, true)));
    }

    [Test]
    public void Before_a_child_is_heard_a_server_waits_and_then_goes_its_way()
    {
        foreach (var child in new[] { TreeWorld.East, _world.West.Name })
            _world.Transport.Cut(TreeWorld.Global, child);
        _world.Restart(TreeWorld.Global);

        var server = _world.Create();
        Assert.That(_world.Row(TreeWorld.Global, server).State, Is.EqualTo(DispatchState.Waiting));
        _world.Restart(TreeWorld.Global);                                // what waits is not only remembered
        foreach (var child in new[] { TreeWorld.East, _world.West.Name })
            _world.Transport.Mend(TreeWorld.Global, child);
        _world.Run(TimeSpan.FromSeconds(10));

        Assert.That(_world.View(server).VmState, Is.EqualTo(VmState.Active));
    }

    [Test]
    public void A_cell_that_stays_silent_over_the_deadline_shows_as_such_until_its_report_comes()
    {
        (_world.A.Free, _world.B.Free, _world.West.Habit) = (default, default, Habit.KeepSilent);
        _world.Run(Moment);
        var server = _world.Create();

        _world.Run(_world.Options.RequestDeadline + TimeSpan.FromSeconds(10));
        var late = _world.View(server);
        _world.Say(_world.West, _world.West.Row(server, TreeWorld.Project, 1, 1, VmState.Active, TaskState.None, 1, 1),
            _world.West.Mail(new InstancePlaced(server, 1, 1, _world.West.Name, _world.West.Host, "host-west", []), server));
        _world.Run(Moment);

        Assert.Multiple(() =>
        {
            Assert.That(late.VmState, Is.EqualTo(VmState.Error));
            Assert.That(late.Fault!.Message, Does.Match("^Cell west has been silent since 2026-.*, the request stays with it"));
            Assert.That(_world.Rows(TreeWorld.Global, server), Has.Count.EqualTo(1), "it was not tried elsewhere");
            Assert.That(_world.View(server).VmState, Is.EqualTo(VmState.Active));
        });
    }

    [Test]
    public void What_a_cell_says_of_another_cell_s_instance_or_host_is_not_believed()
    {
        (_world.B.Free, _world.West.Free) = (default, default);
        _world.Run(Moment);
        var server = _world.Create();
        _world.Run(Moment);
        var before = _world.Observed(TreeWorld.Global, server);

        _world.Say(_world.B,
            _world.B.Row(server, TreeWorld.Project, 1, 99, VmState.Error, TaskState.None, 1, 1),
            _world.B.HostRow(_world.A.Name, _world.A.Host, 99),
            _world.B.Mail(new InstanceDeleted(server, 1, 1, 99), server));
        _world.Say(_world.West, _world.West.Mail(new PlacementFailed(server, 1, 1, 99, []), server), _world.West.HostRow(_world.B.Name, _world.B.Host, 99));
        _world.Run(TimeSpan.FromSeconds(5));

        var hosts = _world.Ask(home => home.Admin.HostsAsync(new HostFilter(null, null, null), null, 10, CancellationToken.None))!.Hosts;
        Assert.Multiple(() =>
        {
            Assert.That(_world.Observed(TreeWorld.Global, server), Is.EqualTo(before));
            Assert.That(_world.Observed(TreeWorld.East, server), Is.EqualTo(before));
            Assert.That(_world.Row(TreeWorld.Global, server).State, Is.EqualTo(DispatchState.Placed));
            Assert.That(_world.Row(TreeWorld.East, server).State, Is.EqualTo(DispatchState.Placed));
            Assert.That(hosts.Select(h => (h.Cell, h.Host, h.Generation)), Is.EqualTo(
                new[] { _world.A, _world.B, _world.West }.Select(c => (c.Name.Value, c.Host.Value, 1L))));
        });
    }

    [Test]
    public void What_an_operator_says_of_a_host_goes_down_to_its_cell_and_again_until_the_cell_follows()
    {
        _world.Run(Moment);
        var answer = _world.Ask(home => new OperatorWords(home.Home!.Fleet, home.Runtime.Committer, home.Runtime.Time).SayAsync(
            _world.A.Host.ToString(), setting => setting with { Disabled = true, Reason = "new memory" }, () => ApiResult.NotFound("none"), _ => ApiResult.Empty(204), null,
            CancellationToken.None));
        _world.Run(Moment);
        var once = _world.A.Received.OfType<ConfigureHost>().ToList();
        _world.Run(TimeSpan.FromSeconds(40));                            // this cell says nothing of the number
        var again = _world.A.Received.OfType<ConfigureHost>().Count();
        _world.Say(_world.A, _world.A.HostRow(_world.A.Name, _world.A.Host, generation: 50, follows: 1));
        _world.Run(TimeSpan.FromSeconds(80));

        Assert.That(answer.Status, Is.EqualTo(204));
        Assert.That(once.Select(m => (m.Host, m.Cell, m.Number, m.Reason)), Is.EqualTo(new[] { (_world.A.Host, _world.A.Name, 1L, "new memory") }));
        Assert.That(again, Is.EqualTo(2));
        Assert.That(_world.A.Received.OfType<ConfigureHost>().Count(), Is.EqualTo(2), "it follows: nothing is said again");
        Assert.That(_world.B.Received.OfType<ConfigureHost>().Concat(_world.West.Received.OfType<ConfigureHost>()), Is.Empty);
    }

    [Test]
    public void A_ticket_request_goes_up_to_the_home_and_the_ticket_comes_down_to_the_cell_that_asked()
    {
        var image = new ImageId(Guid.Parse("44444444-4444-4444-8444-444444444444"));

        _world.Say(_world.A, new SendWork(TreeWorld.East, $"image {image}", new RequestImageTicket(image, _world.A.Name), null));
        _world.Say(_world.B, new SendWork(TreeWorld.East, $"image {image}", new RequestImageTicket(image, _world.A.Name), null));
        _world.Run(Moment);

        Assert.Multiple(() =>
        {
            var ticket = _world.A.Received.OfType<ImageTicket>().Single();
            Assert.That((ticket.Image, ticket.Cell), Is.EqualTo((image, _world.A.Name)));
            Assert.That(ticket.Refusal, Is.Not.Null, "there is no such image");
            Assert.That(_world.B.Received.OfType<ImageTicket>(), Is.Empty, "nobody asks for another cell's ticket");
        });
    }

    [Test]
    public void After_a_link_began_anew_the_build_that_was_not_answered_is_sent_again()
    {
        (_world.A.Free, _world.B.Free, _world.West.Habit) = (default, default, Habit.KeepSilent);
        _world.Run(Moment);
        var server = _world.Create();
        _world.Run(Moment);

        _world.West.Habit = Habit.Place;
        _world.West.Answers.Clear();                                     // it lost its past
        _world.Restart(TreeWorld.Global, past: "restored");
        _world.Run(TimeSpan.FromSeconds(10));

        Assert.Multiple(() =>
        {
            Assert.That(_world.West.Received.OfType<BuildInstance>().Count(), Is.EqualTo(2));
            Assert.That(_world.View(server).VmState, Is.EqualTo(VmState.Active));
        });
    }

    [Test]
    public void The_admin_api_shows_the_tree_the_hosts_and_the_links()
    {
        var cells = _world.Ask(home => home.Admin.CellsAsync(CancellationToken.None)).Cells;
        var links = _world.Home.Admin.Links().Links;

        Assert.Multiple(() =>
        {
            Assert.That(cells.Select(c => $"{c.Path} {c.Kind} {c.HostsUp}/{c.Hosts} {c.Silent}"), Is.EqualTo(new[]
            {
                "global api 3/3 False", "global.east routing 2/2 False", "global.east.a compute 1/1 False", "global.east.b compute 1/1 False",
                "global.west compute 1/1 False",
            }));
            Assert.That(cells[0].Capacity!.FreeVcpus, Is.EqualTo(3000));
            Assert.That(cells.Skip(1).Select(c => c.HeardSecondsAgo), Is.All.LessThan(3));
            Assert.That(links.Select(l => $"{l.Neighbour} {l.Kind} {l.Health}"), Is.EqualTo(new[] { "east child up", "west child up" }));
        });
    }

    [Test]
    public void A_full_quota_leaves_nothing_behind()
    {
        var build = _world.Build();
        var guard = new Missing();

        var outcome = _world.Ask(home => home.Servers.BuildAsync([build], [guard], _world.Now.AddMinutes(1), null, CancellationToken.None));
        _world.Run(Moment);

        Assert.Multiple(() =>
        {
            Assert.That(outcome, Is.InstanceOf<DispatchOutcome.Ended>());
            Assert.That(((CommitOutcome.Missed)((DispatchOutcome.Ended)outcome).Outcome).Writes, Is.EqualTo(new IWrite[] { guard }));
            Assert.That(_world.Rows(TreeWorld.Global, build.Instance), Is.Empty);
            Assert.That(_world.A.Received.Concat(_world.B.Received).Concat(_world.West.Received), Is.Empty);
        });
    }

    /// <summary>A guard that never matches.</summary>
    private sealed record Missing : IWrite
    {
        private static readonly WriteKind TheKind = new MissingKind();

        public WriteKind Kind => TheKind;

        private sealed class MissingKind() : WriteKind("missing", 100)
        {
            public override object? GuardedRow(IWrite write) => "missing";

            public override void Describe(Npgsql.NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
                command.CommandText = "select 0 where false";

            public override Task<IReadOnlyList<int>> ReadMissedAsync(
                Npgsql.NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
                Task.FromResult<IReadOnlyList<int>>([0]);
        }
    }
}
