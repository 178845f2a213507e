using System.Text;
using System.Threading.Channels;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports;
using Cells.TestKit;
using Npgsql;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Links;

/// <summary>One cell of a link under test: a runtime over a database of its own, with a router that commits keyed effects and merges.</summary>
internal sealed class LinkEnd : IStateSource, IAsyncDisposable
{
    public const int Keys = 5;

    private readonly CellRuntimeOptions _options;
    private readonly TestDatabase _database;
    private readonly Lock _lock = new();
    private readonly List<Channel<bool>> _watchers = [];
    private CellRuntime? _runtime;
    private int _sent;
    private int _resets;
    private readonly List<CellRuntime> _crashed = [];   // their connections may be in use for a moment more

    private LinkEnd(CellRuntimeOptions options, TestDatabase database) => (_options, _database) = (options, database);

    public CellName Name => _options.Name;
    public CellName Neighbour => _options.Neighbours[0].Name;
    public ILinks Links => _runtime!.Links;
    public LinkStatus Status => Links.Status.Single();

    /// <summary>The router fails every message.</summary>
    public volatile bool Fail;

    /// <summary>Effects that came out of their key's order.</summary>
    public IReadOnlyList<string> Violations => QueryAsync<string>("""
        select key || ' ' || intent
          from (select key, intent, row_number() over (partition by key order by seq) as place
                  from effect) as e
         where intent <> place
        """).GetAwaiter().GetResult();

    public static async Task<LinkEnd> CreateAsync(string name, string neighbour, NeighbourKind kind, ITransport transport, ILinkKeys keys)
    {
        var database = await TestDatabase.CreateAsync(owners: []);
        await database.ExecuteAsync("""
            create table effect (key text, intent bigint, seq bigserial, primary key (key, intent));
            create table own_row (key text primary key, value text not null, change_number bigint not null);
            create table row_copy (key text primary key, value text not null);
            """);
        return new LinkEnd(new CellRuntimeOptions
        {
            Name = CellName.Parse(name),
            Id = Guid.NewGuid(),
            Kind = CellKind.Routing,
            ConnectionString = database.ConnectionString,
            Migrations = [SqlSource.Messaging],
            Neighbours = [new Neighbour(CellName.Parse(neighbour), kind)],
            Transport = transport,
            Keys = keys,
            Dispatcher = new ThreadPoolDispatcher(),
            Time = TimeProvider.System,
            Ids = new SystemIds(),
            Seed = 1,
        }, database);
    }

    public async Task StartAsync()
    {
        _runtime = await CellRuntime.StartAsync(_options, CancellationToken.None);
        ((CellLinks)_runtime.Links).StatusChanged = Pulse;
        var router = _runtime.System.ActorOf(Props.Create(() => new Router(this, _runtime.Committer)), "router");
        _runtime.SubscribeToCommits(router);
        _runtime.Links.Attach(router, this);
    }

    public async Task StopAsync()
    {
        await _runtime!.StopAsync("test");
        _runtime = null;
    }

    /// <summary>As kill -9 and a new process would. What the former one had sent to the server may still be done there.</summary>
    public async Task RestartAsync()
    {
        _runtime!.Crash();
        _crashed.Add(_runtime);
        await StartAsync();
    }

    public async Task SendAsync(int count)
    {
        var first = _sent + 1;
        _sent += count;
        await SendAgainAsync(first, _sent);
    }

    public async Task SendAgainAsync(int first, int last)
    {
        for (var from = first; from <= last; from += 100)
        {
            var writes = Enumerable.Range(from, Math.Min(100, last - from + 1)).Select(n => (IWrite)Work(n)).ToList();
            Assert.That(await _runtime!.Committer.CommitAsync(new Change(writes)), Is.InstanceOf<CommitOutcome.Committed>());
        }
    }

    public async Task ChangeRowsAsync(int count, string value)
    {
        var writes = Enumerable.Range(0, count).Select(i => (IWrite)new ChangeOwnRow($"r{i}", value)).ToList();
        Assert.That(await _runtime!.Committer.CommitAsync(new Change(writes)), Is.InstanceOf<CommitOutcome.Committed>());
    }

    public Task AppliedAsync(int count, TimeSpan patience) => EventuallyAsync(
        async () => (await QueryAsync<long>("select count(*) from effect"))[0] is var applied && applied >= count ? null : $"{applied} of {count} effects", patience);

    public Task OutboxEmptyAsync(TimeSpan patience) => EventuallyAsync(
        async () => (await QueryAsync<long>("select count(*) from outbox"))[0] is var left && left == 0 ? null : $"{left} rows in the outbox", patience);

    public Task CopiesAsync(int count, string value, TimeSpan patience) => EventuallyAsync(
        async () => (await QueryAsync<long>($"select count(*) from row_copy where value = '{value}'"))[0] is var copies && copies == count ? null : $"{copies} of {count} copies", patience);

    public Task ResetAsync(TimeSpan patience) => EventuallyAsync(
        () => Task.FromResult(Volatile.Read(ref _resets) > 0 ? null : "no reset"), patience);

    public Task ShowsAsync(Func<LinkStatus, bool> holds, TimeSpan patience) =>
        EventuallyAsync(() => Task.FromResult(Status is var status && holds(status) ? null : status.ToString()), patience);

    public Task ExecuteAsync(string sql) => _database.ExecuteAsync(sql);

    public Task<IReadOnlyList<T>> QueryAsync<T>(string sql) => _database.QueryAsync<T>(sql);

    public Task ForgetEffectsAboveAsync(int number) => ExecuteAsync($"delete from effect where intent > {number / Keys}");

    public async Task<StatePage> ReadPageAsync(CellName link, long above, int limit, CancellationToken stop) =>
        await _runtime!.Database.ReadAsync("own rows", async (connection, inner) =>
        {
            await using var command = new NpgsqlCommand("""
                select c.last_number, r.key, r.value, r.change_number
                  from change_counter c
                  left join lateral (select key, value, change_number
                                       from own_row
                                      where change_number > @above
                                      order by change_number
                                      limit @limit) as r on true
                 order by r.change_number
                """, connection);
            command.Parameters.AddWithValue("above", above);
            command.Parameters.AddWithValue("limit", limit);
            await using var answer = await command.ExecuteReaderAsync(inner);
            var (rows, counter) = (new List<StateRow>(), 0L);
            while (await answer.ReadAsync(inner))
            {
                counter = answer.GetInt64(0);
                if (!answer.IsDBNull(1))
                    rows.Add(new StateRow("row", answer.GetString(1), answer.GetInt64(3), false, Encoding.UTF8.GetBytes(answer.GetString(2))));
            }
            return new StatePage(above, rows.Count == limit ? rows[^1].ChangeNumber : counter, rows);
        }, stop);

    public async ValueTask DisposeAsync()
    {
        if (_runtime is not null)
            await _runtime.StopAsync("end of test");
        foreach (var crashed in _crashed)
            await crashed.DisposeAsync();
        await _database.DisposeAsync();
    }

    private SendWork Work(int number)
    {
        var key = $"k{number % Keys}";
        var message = new DeleteInstance(new InstanceId(Guid.Empty), 1, (number - 1) / Keys + 1, new ProjectId(Guid.Empty), key);
        return new SendWork(Neighbour, key, message, null);
    }

    /// <summary>Looks again whenever something was committed or shown here, until nothing is missing.</summary>
    private async Task EventuallyAsync(Func<Task<string?>> missing, TimeSpan patience)
    {
        var pulses = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        lock (_lock)
            _watchers.Add(pulses);
        using var limit = new CancellationTokenSource(patience);
        string? lack = null;
        try
        {
            while ((lack = await missing()) is not null)
                await pulses.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Name}: after {patience} still {lack}. {Status}");
        }
        finally
        {
            lock (_lock)
                _watchers.Remove(pulses);
        }
    }

    private void Pulse()
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(true);
        }
    }

    private sealed class Router : ReceiveActor
    {
        public Router(LinkEnd end, ICommitter committer)
        {
            Receive<WorkReceived>(m =>
            {
                if (end.Fail)
                    Sender.Tell(new WorkFailed(m.Link, m.Number, "told to fail"));
                else
                    Answer(committer, [new TakeEffect(m.Key, ((DeleteInstance)m.Message).Intent)], new WorkDone(m.Link, m.Number));
            });
            Receive<StateReceived>(m => Answer(
                committer,
                [.. m.Rows.Select(row => new MergeCopy(row.Key, Encoding.UTF8.GetString(row.Json.Span))), m.Watermark],
                new StateDone(m.Link, m.To)));
            Receive<LinkReset>(m =>
            {
                Interlocked.Increment(ref end._resets);
                Answer(committer, [m.Settled], new object());
            });
            Receive<Answered>(m => m.To.Tell(m.Answer));
            Receive<GroupCommitted>(_ => end.Pulse());
            ReceiveAny(_ => { });
        }

        private void Answer(ICommitter committer, IReadOnlyList<IWrite> writes, object answer)
        {
            var asker = Sender;
            PipeToSelf(
                committer.CommitAsync(new Change(writes)),
                outcome => outcome is CommitOutcome.Committed ? new Answered(asker, answer) : outcome,
                error => error);
        }

        private sealed record Answered(IActorRef To, object Answer);
    }
}

internal sealed record TakeEffect(string Key, long Intent) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<TakeEffect>(
        "take-effect",
        100,
        """
        insert into effect (key, intent)
        select key, intent
          from unnest(@keys, @intents) with ordinality as w (key, intent, ordinal)
         order by ordinal
            on conflict do nothing
        """,
        Column.Text<TakeEffect>("keys", w => w.Key),
        Column.Bigint<TakeEffect>("intents", w => w.Intent));

    public WriteKind Kind => Writes;
}

internal sealed record MergeCopy(string Key, string Value) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<MergeCopy>(
        "merge-copy",
        110,
        """
        insert into row_copy (key, value)
        select key, value
          from unnest(@keys, @values) as w (key, value)
            on conflict (key)
            do update set value = excluded.value
        """,
        Column.Text<MergeCopy>("keys", w => w.Key),
        Column.Text<MergeCopy>("values", w => w.Value));

    public WriteKind Kind => Writes;
}

internal sealed record ChangeOwnRow(string Key, string Value) : IWrite
{
    public WriteKind Kind => Changing.Instance;

    private sealed class Changing() : WriteKind("change-own-row", 120)
    {
        public static readonly Changing Instance = new();

        public override int ChangeNumbersEach => 1;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = $"""
                insert into own_row (key, value, change_number)
                select w.key, w.value, {firstChangeNumber} + w.ordinal - 1
                  from unnest(@keys, @values) with ordinality as w (key, value, ordinal)
                    on conflict (key)
                    do update set value = excluded.value, change_number = excluded.change_number
                """;
            command.Parameters.AddWithValue("keys", writes.Select(w => ((ChangeOwnRow)w).Key).ToArray());
            command.Parameters.AddWithValue("values", writes.Select(w => ((ChangeOwnRow)w).Value).ToArray());
        }
    }
}
