using System.Text.Json;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.IntegrationTests.Compute;

/// <summary>
/// The parent of a compute cell under test: sends commands over a real link, answers ticket requests, and keeps what came up. A test arms a wait before it
/// acts; every arrival is held against what is waited for.
/// </summary>
internal sealed class ParentCell(CellRuntime runtime, CellName child)
{
    private readonly Lock _lock = new();
    private readonly List<(Func<bool> Is, TaskCompletionSource Source)> _waits = [];
    private readonly Dictionary<InstanceId, InstanceRow> _rows = [];
    private readonly Dictionary<HostId, HostRow> _hosts = [];
    private readonly SortedDictionary<string, PoolRow> _pools = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, DriftRow> _drift = new(StringComparer.Ordinal);
    private readonly List<IInstanceAnswer> _answers = [];
    private readonly List<InstanceTold> _told = [];
    private readonly List<CellTold> _cellTold = [];
    private CellNews? _news;

    /// <summary>Why tickets are refused; null when they are given.</summary>
    public string? TicketRefusal { get; set; }

    public void Start() => runtime.Links.Attach(runtime.System.ActorOf(Props.Create(() => new Router(this, runtime)), "parent"), null);

    public IReadOnlyList<IInstanceAnswer> AnswersTo(InstanceId id)
    {
        lock (_lock)
            return [.. _answers.Where(a => a.Instance == id)];
    }

    public InstanceRow? Row(InstanceId id)
    {
        lock (_lock)
            return _rows.GetValueOrDefault(id);
    }

    public IReadOnlyList<HostRow> Hosts
    {
        get
        {
            lock (_lock)
                return [.. _hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal)];
        }
    }

    public CellNews? News
    {
        get
        {
            lock (_lock)
                return _news;
        }
    }

    public Task SendAsync(IInstanceCommand command) => SendAsync(command.Instance.ToString(), command);

    public async Task SendAsync(string key, object message)
    {
        var outcome = await runtime.Committer.CommitAsync(new Change(new SendWork(child, key, message, null)));
        if (outcome is not CommitOutcome.Committed)
            throw new InvalidOperationException($"The parent could not send: {outcome}");
    }

    /// <summary>Completes once the instance's row is as wanted; the row itself.</summary>
    public async Task<InstanceRow> RowAsync(InstanceId id, Func<InstanceRow, bool> isWanted)
    {
        await Until($"row of {id}; now {Row(id)}, answers {string.Join(' ', AnswersTo(id))}", () => _rows.TryGetValue(id, out var row) && isWanted(row));
        return Row(id)!;
    }

    public async Task<T> AnswerAsync<T>(InstanceId id) where T : IInstanceAnswer
    {
        await Until($"{typeof(T).Name} of {id}", () => _answers.OfType<T>().Any(a => a.Instance == id));
        return AnswersTo(id).OfType<T>().Last();
    }

    /// <summary>What came up in answer to that question.</summary>
    public async Task<InstanceTold> ToldAsync(Guid question)
    {
        await Until($"an answer to question {question}", () => _told.Any(t => t.Question == question));
        lock (_lock)
            return _told.First(t => t.Question == question);
    }

    /// <summary>Asks the cell about itself.</summary>
    public async Task<CellTold> AskAsync(AskCell question)
    {
        var told = Until($"the answer to {question.About}", () => _cellTold.Exists(t => t.Question == question.Question));
        await SendAsync("question", question);
        await told;
        lock (_lock)
            return _cellTold.Find(t => t.Question == question.Question)!;
    }

    public Task AnswersAsync(InstanceId id, int count) => Until($"{count} answers of {id}", () => _answers.Count(a => a.Instance == id) >= count);

    public Task HostsUpAsync(int count) => Until($"{count} hosts up", () => _hosts.Values.Count(h => h.Status == "up") >= count && _news?.Reaches[0].HostsUp >= count);

    public Task HostAsync(string name, Func<HostRow, bool> isWanted) => Until($"host {name}", () => _hosts.Values.Any(h => h.Name == name && isWanted(h)));

    /// <summary>Completes once some pool's row is as wanted; the row.</summary>
    public async Task<PoolRow> PoolAsync(Func<PoolRow, bool> isWanted)
    {
        PoolRow? found = null;
        await Until($"a pool; now {string.Join(", ", _pools.Values)}", () => (found = _pools.Values.FirstOrDefault(isWanted)) is not null);
        return found!;
    }

    /// <summary>Completes once the rows of drift are as wanted.</summary>
    public Task DriftAsync(Func<IReadOnlyCollection<DriftRow>, bool> isWanted) => Until("drift", () => isWanted(_drift.Values));

    public Task NewsAsync(Func<CellNews, bool> isWanted) => Until("news", () => _news is { } news && isWanted(news));

    private async Task Until(string what, Func<bool> isSo)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (isSo())
                return;
            _waits.Add((isSo, source));
        }
        try
        {
            await source.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Not within 60 s: {what}");
        }
    }

    private void Note(Action note)
    {
        lock (_lock)
        {
            note();
            foreach (var wait in _waits.Where(w => w.Is()).ToList())
            {
                _waits.Remove(wait);
                wait.Source.TrySetResult();
            }
        }
    }

    private sealed class Router : ReceiveActor
    {
        public Router(ParentCell parent, CellRuntime runtime)
        {
            Receive<WorkReceived>(m =>
            {
                var link = Sender;
                if (m.Message is IInstanceAnswer answer)
                    parent.Note(() => parent._answers.Add(answer));
                if (m.Message is InstanceTold told)
                    parent.Note(() => parent._told.Add(told));
                if (m.Message is CellTold ofCell)
                    parent.Note(() => parent._cellTold.Add(ofCell));
                if (m.Message is RequestImageTicket asked)
                    PipeToSelf(
                        runtime.Committer.CommitAsync(new Change(new SendWork(m.Link, $"image-{asked.Image}", new ImageTicket(
                            asked.Image, asked.Cell, parent.TicketRefusal is null ? "test://images" : "", "ticket", parent.TicketRefusal) { ToWrite = asked.ToWrite }, null))),
                        _ => new Done(link, m), error => throw error);
                else
                    link.Tell(new WorkDone(m.Link, m.Number), Self);
            });
            Receive<Done>(m => m.Link.Tell(new WorkDone(m.Work.Link, m.Work.Number), Self));
            Receive<StateReceived>(m =>
            {
                var link = Sender;
                PipeToSelf(runtime.Committer.CommitAsync(new Change(m.Watermark)), _ => new Merged(link, m), error => throw error);
            });
            Receive<Merged>(m =>
            {
                parent.Note(() => parent.Merge(m.Page.Rows));
                m.Link.Tell(new StateDone(m.Page.Link, m.Page.To), Self);
            });
            Receive<NewsReceived>(m => parent.Note(() => parent._news = (CellNews)m.Message));
            Receive<NeighbourChanged>(_ => { });
            Receive<LinkReset>(m => PipeToSelf(runtime.Committer.CommitAsync(new Change(m.Settled)), _ => new Ignored(), error => throw error));
            Receive<Ignored>(_ => { });
        }

        private sealed record Done(IActorRef Link, WorkReceived Work);

        private sealed record Merged(IActorRef Link, StateReceived Page);

        private sealed record Ignored;
    }

    /// <summary>As every hop does: (epoch, generation) never falls.</summary>
    private void Merge(IReadOnlyList<StateRow> rows)
    {
        foreach (var row in rows)
        {
            if (row.Kind == PoolRow.Kind)
            {
                var pool = JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.PoolRow)!;
                _pools[row.Key] = pool;
                continue;
            }
            if (row.Kind == DriftRow.Kind)
            {
                if (row.Deleted)
                    _drift.Remove(row.Key);
                else
                    _drift[row.Key] = JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.DriftRow)!;
                continue;
            }
            if (row.Kind == "host")
            {
                var host = JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.HostRow)!;
                _hosts[host.Host] = host;
                continue;
            }
            var instance = JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.InstanceRow)!;
            if (!_rows.TryGetValue(instance.Instance, out var known) || (instance.Epoch, instance.Generation).CompareTo((known.Epoch, known.Generation)) > 0)
                _rows[instance.Instance] = instance;
        }
    }
}
