using System.Text.Json;
using Cells.Api.Admin;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.IntegrationTests.Api.Tree;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>What the admin API of the top cell tells of a tree, over real databases: rows, their age, what is under way, what contradicts.</summary>
[CancelAfter(120_000)]
public sealed class AdminTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);
    private static readonly AdminServerFilter All = new(null, null, null, null, null);
    private static readonly CancellationToken None = CancellationToken.None;

    private TreeWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await TreeWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public void Servers_are_listed_by_pages_and_by_what_they_are()
    {
        var made = Enumerable.Range(0, 3).Select(_ => _world.Create()).ToList();
        _world.Run(Moment);

        var first = Servers(All, null, 2);
        var second = Servers(All, first.Next, 2);
        var cell = first.Servers[0].Cell!;
        var (here, elsewhere) = (Servers(All with { Cell = CellName.Parse(cell) }), Servers(All with { Cell = CellName.Parse("nowhere") }));

        Assert.Multiple(() =>
        {
            Assert.That(first.Servers.Concat(second.Servers).Select(s => new InstanceId(s.Server)), Is.EquivalentTo(made));
            Assert.That((first.Servers.Count, second.Servers.Count, second.Next), Is.EqualTo((2, 1, (string?)null)));
            Assert.That(here.Servers, Is.Not.Empty.And.All.Property("Cell").EqualTo(cell).And.All.Property("Status").EqualTo("ACTIVE"));
            Assert.That(elsewhere.Servers, Is.Empty);
            Assert.That(Servers(All with { Host = $"host-{cell}" }).Servers, Has.Count.EqualTo(here.Servers.Count));
            Assert.That(Servers(All with { Status = "error" }).Servers, Is.Empty);
            Assert.That(Servers(All with { Name = "s" }).Servers, Has.Count.EqualTo(3));
            Assert.That(Servers(All with { Name = "." }).Servers, Is.Empty, "a name is a name and no pattern");
            Assert.That(Ask(a => a.ServersAsync(All, new InstanceId(Guid.Empty), 2, None)), Is.Null, "a marker that is no server");
        });
    }

    [Test]
    public void Rows_of_a_cell_that_is_not_heard_are_shown_with_their_age()
    {
        ReportHosts();
        var server = _world.Create();
        _world.Run(Moment);
        var cell = Servers(All).Servers.Single().Cell!;
        Assert.That(Hosts().Hosts, Has.Count.EqualTo(3).And.All.Property("Silent").False);

        _world.Transport.Cut(TreeWorld.Global, TreeWorld.East);
        _world.Transport.Cut(TreeWorld.Global, _world.West.Name);
        _world.Run(TimeSpan.FromSeconds(30));

        var shown = Ask(a => a.ServerAsync(server, None))!;
        var host = Hosts(new HostFilter(cell, null, "up")).Hosts.Single();
        var pool = Ask(a => a.PoolsAsync(cell, None)).Pools.Single();
        Assert.Multiple(() =>
        {
            Assert.That((shown.Status, shown.Silent), Is.EqualTo(("ACTIVE", true)), "what was last known, and that it is old");
            Assert.That(shown.HeardSecondsAgo, Is.InRange(20, 60));
            Assert.That((host.Silent, host.HeardSecondsAgo), Is.EqualTo((true, shown.HeardSecondsAgo)));
            Assert.That((pool.Hosts, pool.HostsUp, pool.Silent), Is.EqualTo((1, 1, true)));
            Assert.That(Ask(a => a.CellAsync(cell, None))!.Silent, Is.True);
            Assert.That(_world.Home.Admin.Link("east")!.Health, Is.EqualTo("down"));
        });
    }

    [Test]
    public void Hosts_are_found_by_name_or_uuid_and_listed_by_pages()
    {
        ReportHosts();

        var first = Hosts(null, null, 2);
        var second = Hosts(null, Guid.Parse(first.Next!), 2);

        Assert.Multiple(() =>
        {
            Assert.That(first.Hosts.Concat(second.Hosts).Select(h => h.Cell), Is.EqualTo(new[] { "a", "b", "west" }));
            Assert.That(second.Next, Is.Null);
            Assert.That(Ask(a => a.HostsNamedAsync("host-b", None)).Single().Host, Is.EqualTo(_world.B.Host.Value));
            Assert.That(Ask(a => a.HostsNamedAsync($"{_world.B.Host}", None)).Single().Name, Is.EqualTo("host-b"));
            Assert.That(Ask(a => a.HostsNamedAsync("host-c", None)), Is.Empty);
            Assert.That(Ask(a => a.HostsAsync(new HostFilter(null, null, null), Guid.Empty, 2, None)), Is.Null, "a marker that is no host");
        });
    }

    [Test]
    public void A_request_that_no_cell_has_reported_is_a_task_of_the_asked_child_and_overdue_after_its_deadline()
    {
        foreach (var cell in new[] { _world.A, _world.B, _world.West })
            cell.Habit = Habit.KeepSilent;
        var server = _world.Create();
        _world.Run(Moment);

        var task = Tasks().Tasks.Single();
        var asked = _world.Row(TreeWorld.Global, server).Asked!.Value;

        Assert.Multiple(() =>
        {
            Assert.That((task.Server, task.Task, task.Step, task.Percent), Is.EqualTo((server.Value, "scheduling", (string?)null, (int?)null)));
            Assert.That(task.Cell, Is.EqualTo(asked.Value));
            Assert.That(Tasks(asked).Tasks, Has.Count.EqualTo(1));
            Assert.That(Tasks(CellName.Parse("nowhere")).Tasks, Is.Empty);
        });
    }

    [Test]
    public void A_workflow_is_a_task_with_its_step_and_place_and_what_is_done_is_none()
    {
        var server = _world.Create();
        _world.Run(Moment);
        Assert.That(Tasks().Tasks, Is.Empty);

        Say(server, VmState.Active, PowerState.Running, "undo create-vm 4/8");

        var task = Tasks().Tasks.Single();
        Assert.That((task.Step, task.Undoing, task.StepNumber, task.Steps, task.Percent), Is.EqualTo(("create-vm", true, (int?)4, (int?)8, (int?)50)));
    }

    [Test]
    public void What_contradicts_is_drift_and_what_agrees_is_none()
    {
        ReportHosts();
        var server = _world.Create();
        _world.Run(Moment);
        Assert.That(Drift(), Is.Empty);

        Say(server, VmState.Active, PowerState.Shutdown, step: null);
        Assert.That(Drift().Select(d => (d.Kind, d.Id)), Is.EqualTo(new[] { ("power", server.Value) }));
        Say(server, VmState.Active, PowerState.Shutdown, step: "start 7/8");
        Assert.That(Drift(), Is.Empty, "something is being done with it");

        Say(server, VmState.Active, PowerState.Running, step: null);
        Execute($"update instance_intent set terminated_at = '2026-01-02' where id = '{server}'");
        Assert.That(Drift().Select(d => (d.Kind, d.Id)), Is.EqualTo(new[] { ("unwanted-server", server.Value) }));

        Execute("update instance_intent set terminated_at = null");
        Execute("update host_observed set deleted = true");
        Assert.That(Drift().Select(d => (d.Kind, d.Id)), Is.EqualTo(new[] { ("host-gone", server.Value) }));

        Execute("""update host_observed set deleted = false, body = (body::jsonb || '{"outside_memory_mib": 65537}')::json where cell = 'a'""");
        Assert.That(Drift().Select(d => (d.Kind, d.Id)), Is.EqualTo(new[] { ("overfull", _world.A.Host.Value) }));
    }

    [Test]
    public void Pools_are_shown_as_their_cells_stand_to_them_also_one_that_was_never_reached()
    {
        ReportHosts();
        var reached = new PoolRow(_world.A.Name, "https://a.example", 1, new PoolId(_world.A.Host.Value), "managed", "connected", At) { Coordinator = "host-a", Members = ["host-a"] };
        var never = new PoolRow(_world.A.Name, "https://b.example", 1, null, "connecting", "does not answer", At);
        _world.Say(_world.A, Fleet(PoolRow.Kind, 1, reached), Fleet(PoolRow.Kind, 2, never));
        _world.Run(Moment);

        var pools = Ask(a => a.PoolsAsync("a", None)).Pools;
        Assert.That(pools.Select(p => (p.Name, p.Pool, p.Status, p.Why, p.Hosts, p.Coordinator)), Is.EqualTo(new[]
        {
            ("https://a.example", (Guid?)_world.A.Host.Value, "managed", "connected", 1, "host-a"),
            ("https://b.example", null, "connecting", "does not answer", 0, null),
        }));
        Assert.That(Ask(a => a.PoolsAsync("b", None)).Pools.Select(p => (p.Name, p.Hosts)), Is.EqualTo(new[] { ((string?)null, 1) }), "a cell that tells of hosts only");

        _world.Say(_world.A, Fleet(PoolRow.Kind, 2, never with { Generation = 2 }, gone: true));
        _world.Run(Moment);
        Assert.That(Ask(a => a.PoolsAsync("a", None)).Pools, Has.Count.EqualTo(1));
    }

    [Test]
    public void What_a_compute_cell_finds_on_its_pools_is_listed_as_drift_until_it_is_gone_and_with_the_silence_of_its_cell()
    {
        ReportHosts();
        var row = new DriftRow(
            _world.A.Name, new PoolId(_world.A.Host.Value), "vm", Guid.Parse("00000000-0000-4000-8000-00000000000a"), 1, "instance-x", "unknown", "left alone", At, At) { Host = "host-a" };
        _world.Say(_world.A, Fleet(DriftRow.Kind, 1, row));
        _world.Run(Moment);

        Assert.That(Drift().Select(d => (d.Kind, d.Cell, d.Host, d.Id, d.Text, d.Since, d.Silent)), Is.EqualTo(new[] { ("unknown-vm", "a", "host-a", row.Id, "left alone", At, false) }));
        Assert.That(Ask(a => a.DriftAsync("b", None)).Drift, Is.Empty);
        _world.Transport.Cut(TreeWorld.Global, TreeWorld.East);
        _world.Run(TimeSpan.FromSeconds(30));
        Assert.That(Drift().Single().Silent);
        _world.Transport.Mend(TreeWorld.Global, TreeWorld.East);
        _world.Say(_world.A, Fleet(DriftRow.Kind, 1, row with { Generation = 2 }, gone: true));
        _world.Run(TimeSpan.FromSeconds(30));
        Assert.That(Drift(), Is.Empty);
    }

    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static FakeRow Fleet(string kind, int key, IFleetRow row, bool gone = false) => new(
        kind, new Guid(key, 0, 0, new byte[8]), gone, kind == PoolRow.Kind
            ? JsonSerializer.Serialize((PoolRow)row, WireJsonContext.Default.PoolRow) : JsonSerializer.Serialize((DriftRow)row, WireJsonContext.Default.DriftRow));

    private void ReportHosts()
    {
        foreach (var cell in new[] { _world.A, _world.B, _world.West })
            _world.Say(cell, cell.HostRow(cell.Name, cell.Host, 1));
        _world.Run(Moment);
    }

    [Test]
    public void Parked_work_of_a_cell_below_is_seen_given_again_and_forgotten_from_the_top()
    {
        // Only a home may say this: the routing cell cannot handle it, and parks it.
        _world.Say(_world.A, new SendWork(TreeWorld.East, "odd", new ConfigureHost(_world.A.Host, _world.A.Name, 1, false, null, false, null, []), null));
        _world.Run(Moment);

        var own = Ask(a => a.ParkedAsync(null, None)).ParkedMessages;
        var parked = Ask(a => a.ParkedAsync(TreeWorld.East, None)).ParkedMessages;
        Ask(a => Done(a.RetryParkedAsync(TreeWorld.East, _world.A.Name, "odd", None)));
        _world.Run(Moment);
        var retried = Ask(a => a.ParkedAsync(TreeWorld.East, None)).ParkedMessages;
        Ask(a => Done(a.DropParkedAsync(TreeWorld.East, _world.A.Name, parked[0].Incarnation, parked[0].Number, None)));
        Ask(a => Done(a.DropParkedAsync(TreeWorld.East, _world.A.Name, parked[0].Incarnation, parked[0].Number, None)));
        var dropped = Ask(a => a.ParkedAsync(TreeWorld.East, None)).ParkedMessages;

        Assert.That(own, Is.Empty);
        Assert.That(parked.Select(p => (p.Cell, p.Link, p.Key, p.Name)), Is.EqualTo(new[] { ("east", "a", "odd", "host.configure.v1") }));
        Assert.That(parked[0].Reason, Does.Contain("takes no ConfigureHost from a Child"));
        Assert.That(retried.Select(p => p.Number), Is.EqualTo(parked.Select(p => p.Number)), "it cannot be handled now either");
        Assert.That(dropped, Is.Empty, "twice is once");
    }

    [Test]
    public void A_cell_that_is_not_there_and_one_that_is_silent_are_told_apart_and_a_link_that_is_not_there_is_named()
    {
        _world.Run(Moment);
        var noLink = Assert.CatchAsync<CellsException>(() => Faulted(a => a.RetryParkedAsync(TreeWorld.East, CellName.Parse("nobody"), "k", None)));
        _world.Transport.Cut(TreeWorld.Global, TreeWorld.East);
        Task? asked = null;
        Ask(a => Task.FromResult(asked = a.ParkedAsync(TreeWorld.East, None)));
        _world.Run(TimeSpan.FromSeconds(30));
        var unheard = Assert.CatchAsync<CellSilent>(() => asked!);

        var silent = Assert.CatchAsync<CellSilent>(() => Faulted(a => a.ParkedAsync(_world.A.Name, None)));
        var unknown = Assert.CatchAsync<CellsException>(() => Faulted(a => a.ParkedAsync(CellName.Parse("nowhere"), None)));

        Assert.That(noLink!.Message, Does.Contain("Cell 'east' has no link to 'nobody'"));
        Assert.That(unheard!.Message, Does.Contain("Cell east did not answer within 10 s"));
        Assert.That(silent!.Message, Is.EqualTo("Cell a is silent: nothing was asked of it."));
        Assert.That(unknown!.Message, Does.Contain("No cell 'nowhere' is known"));
    }

    private static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }

    // The world runs until it has ended, however it ends.
    private Task Faulted(Func<AdminApi, Task> ask) => Ask(async a =>
    {
        try
        {
            await ask(a);
            return Task.CompletedTask;
        }
        catch (CellsException refused)
        {
            return Task.FromException(refused);
        }
    });

    /// <summary>As if its cell had reported it so.</summary>
    private void Say(InstanceId server, VmState state, PowerState power, string? step)
    {
        var members = $$"""{"vm_state": {{(int)state}}, "power_state": {{(int)power}}, "step": {{(step is null ? "null" : $"\"{step}\"")}}}""";
        Execute($"update instance_observed set body = (body::jsonb || '{members}')::json where instance = '{server}'");
    }

    private void Execute(string sql) => _world.Database(TreeWorld.Global).ExecuteAsync(sql).GetAwaiter().GetResult();

    private AdminServerList Servers(AdminServerFilter filter, string? after = null, int limit = 100) =>
        Ask(a => a.ServersAsync(filter, after is null ? null : new InstanceId(Guid.Parse(after)), limit, None))!;

    private HostList Hosts(HostFilter? filter = null, Guid? after = null, int limit = 100) =>
        Ask(a => a.HostsAsync(filter ?? new HostFilter(null, null, null), after, limit, None))!;

    private TaskList Tasks(CellName? cell = null) => Ask(a => a.TasksAsync(cell, overdueOnly: false, null, 100, None))!;

    private IReadOnlyList<DriftView> Drift() => Ask(a => a.DriftAsync(null, None)).Drift;

    private T Ask<T>(Func<AdminApi, Task<T>> ask) => _world.Ask(home => ask(home.Admin));
}
