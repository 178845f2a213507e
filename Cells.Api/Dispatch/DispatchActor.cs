using System.Diagnostics;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>
/// Owns the order of everything that happens to each instance's dispatch: one change of an instance is in flight at a time, many instances go
/// side by side. What it remembers is a copy of the table; every write is guarded, and a miss means read again and decide again.
/// </summary>
internal sealed partial class DispatchActor : ReceiveActor
{
    private const int MostReadAtOnce = 512;

    // A full lane drains in seconds once its neighbour is heard again.
    private static readonly TimeSpan LaneRetry = TimeSpan.FromSeconds(5);

    private readonly DispatchParts _parts;
    private readonly DispatchStore _store;
    private readonly Children _children;
    private readonly Random _draw;

    private readonly Dictionary<InstanceId, Slot> _slots = [];
    private readonly Queue<Slot> _toRead = [];
    private bool _reading;

    public DispatchActor(DispatchParts parts)
    {
        _parts = parts;
        _store = new DispatchStore(parts.Database);
        _children = new Children(parts.Children, parts.IsFull);
        _draw = parts.NewRandom();
        if (!parts.Leads)
        {
            Receive<AskServer>(_ => Sender.Tell(new Status.Failure(new NotLeading(parts.Cell)), Self));     // its answer would come to the leader
            Receive<AskBelow>(_ => Sender.Tell(new Status.Failure(new NotLeading(parts.Cell)), Self));
            Receive<AskChildren>(_ => Sender.Tell(new Status.Failure(new NotLeading(parts.Cell)), Self));
        }

        Receive<WorkReceived>(OnWork);
        Receive<BuildServers>(OnBuildServers);
        Receive<DeleteServer>(m => Enqueue(new Job(
            new DispatchEvent.Delete(m.Command, From: null), m.TraceParent, new Asker(Sender, m.Together, m.Deadline - parts.Time.GetUtcNow()))));
        Receive<ActOnServer>(m => Enqueue(new Job(
            new DispatchEvent.Act(m.Command, From: null), m.TraceParent, new Asker(Sender, m.Together, m.Deadline - parts.Time.GetUtcNow()))));
        Receive<RowsRead>(OnRowsRead);
        Receive<RowsUnread>(OnRowsUnread);
        Receive<ChangeEnded>(OnChangeEnded);
        Receive<ServersCommitted>(OnServersCommitted);
        Receive<Resume>(m => OnResume(m.Instance));
        ReceiveNeighbours();
        ReceiveTickets();
        ReceiveQuestions();
        ReceiveCellQuestions();
        ReceiveTime();
    }

    private DispatchScene Scene => new(
        _parts.Cell,
        (build, tried) => _children.Choose(_parts.Cell, build, tried, _draw),
        _parts.Time.GetUtcNow(),
        _parts.Options.RequestDeadline,
        _parts.Options.WaitForChildren,
        _parts.Options.SkipTombstones,
        _children.Hears);

    private void OnWork(WorkReceived work)
    {
        if (work.From == NeighbourKind.Parent)
            Counted(work.Link).Received(work.Incarnation, work.Number);
        var origin = new Origin(Sender, work.Link, work.Number);
        switch (work.Message, work.From)
        {
            case (BuildInstance m, NeighbourKind.Parent):
                Enqueue(new Job(new DispatchEvent.Build(m, work.Link), work.TraceParent, origin));
                break;
            case (DeleteInstance m, NeighbourKind.Parent):
                Enqueue(new Job(new DispatchEvent.Delete(m, work.Link), work.TraceParent, origin));
                break;
            case (ActOnInstance m, NeighbourKind.Parent):
                Enqueue(new Job(new DispatchEvent.Act(m, work.Link), work.TraceParent, origin));
                break;
            case (InstanceActed m, NeighbourKind.Child):
                Enqueue(new Job(new DispatchEvent.Acted(m, work.Link), work.TraceParent, origin));
                break;
            case (InstancePlaced m, NeighbourKind.Child):
                Enqueue(new Job(new DispatchEvent.Placed(m, work.Link), work.TraceParent, origin));
                break;
            case (PlacementFailed m, NeighbourKind.Child):
                Enqueue(new Job(new DispatchEvent.Failed(m, work.Link), work.TraceParent, origin));
                break;
            case (InstanceDeleted m, NeighbourKind.Child):
                Enqueue(new Job(new DispatchEvent.Gone(m, work.Link), work.TraceParent, origin));
                break;
            case (AskInstance m, NeighbourKind.Parent):
                Enqueue(new Job(new DispatchEvent.Ask(m, work.Link), work.TraceParent, origin));
                break;
            case (InstanceTold m, NeighbourKind.Child):
                Enqueue(new Job(new DispatchEvent.Told(m, work.Link), work.TraceParent, origin));
                break;
            case (RequestImageTicket m, NeighbourKind.Child):
                OnTicketRequest(m, origin, work.TraceParent);
                break;
            case (ImageTicket m, NeighbourKind.Parent):
                PassDown(m, m.Cell, KeyOf(m.Image, m.Cell), origin, work.TraceParent);
                break;
            case (ConfigureHost m, NeighbourKind.Parent):
                PassDown(m, m.Cell, KeyOf(m.Host), origin, work.TraceParent);
                break;
            case (AskCell m, NeighbourKind.Parent):
                OnAskCell(m, origin);
                break;
            case (CellTold m, NeighbourKind.Child):
                OnCellTold(m, origin);
                break;
            case (IInstanceCommand m, _):
                Foreign(m.Instance, work, origin);
                break;
            case (IInstanceAnswer m, _):
                Foreign(m.Instance, work, origin);
                break;
            default:
                Finish(origin, $"A {(_parts.Kind == CellKind.Api ? "API" : "routing")} cell takes no {work.Message.GetType().Name} from a {work.From}.");
                break;
        }
    }

    /// <summary>A command from below or an answer from above: nobody may send that.</summary>
    private void Foreign(InstanceId instance, WorkReceived work, Origin origin)
    {
        DispatchTelemetry.Refused(_parts.Log, _parts.Cell, Decision.Foreign, work.Message.GetType().Name, instance, work.Link.Value);
        Finish(origin, failure: null);
    }

    private void Enqueue(Job job)
    {
        var slot = SlotOf(job.Event.Instance);
        slot.Jobs.Enqueue(job);
        Continue(slot);
    }

    private Slot SlotOf(InstanceId instance) =>
        _slots.TryGetValue(instance, out var slot) ? slot : _slots[instance] = new Slot(instance);

    /// <summary>Goes on with the instance's next job, unless one is under way.</summary>
    private void Continue(Slot slot)
    {
        while (!slot.Busy && slot.Jobs.TryPeek(out var job))
        {
            if (slot.Rows is null)
            {
                slot.Busy = true;
                _toRead.Enqueue(slot);
                ReadRows();
                return;
            }
            if (Decide(slot, job) is { } decision)
                Carry(slot, job, decision);
            if (_parts.IsShared && !slot.Busy)
                slot.Rows = null;
        }
        if (!slot.Busy && slot.Jobs.Count == 0 && (_parts.IsShared || slot.Rows?.Any(r => r.IsOpen) != true))
            _slots.Remove(slot.Instance);
    }

    /// <returns>Null when the decision itself failed: then the message is parked, and the others go on.</returns>
    private Decision? Decide(Slot slot, Job job)
    {
        try
        {
            return Dispatching.Decide(slot.Rows!, job.Event, job.Reply is Asker asker ? Scene with { Patience = asker.Patience } : Scene);
        }
        catch (Exception error)
        {
            var from = job.Reply is Origin origin ? origin.Link.Value : "the door";
            DispatchTelemetry.CannotHandle(_parts.Log, error, _parts.Cell, job.Event.GetType().Name, from, slot.Instance);
            slot.Jobs.Dequeue();
            Finish(job.Reply, $"{job.Event.GetType().Name} of instance {slot.Instance} cannot be handled: {error.Message}");
            return null;
        }
    }

    private void Carry(Slot slot, Job job, Decision decision)
    {
        if (job.Reply is Asker refusedAsker && FullLane(decision) is { } full)
        {
            slot.Jobs.Dequeue();
            Answer(refusedAsker, new DispatchOutcome.LaneFull(full, LaneRetry));
            return;
        }
        if (job.Reply is Asker notHeld && decision.Refused == Decision.NotHeld)
        {
            slot.Jobs.Dequeue();
            Answer(notHeld, new DispatchOutcome.NotHeld());
            return;
        }
        if (decision.Refused is { } refused)
        {
            DispatchTelemetry.Refused(_parts.Log, _parts.Cell, refused, job.Event.GetType().Name, slot.Instance,
                job.Reply is Origin origin ? origin.Link.Value : "the door");
        }
        if (decision.Told is { } told)
            Tell(told);
        var together = job.Reply is Asker asker ? asker.Together : [];
        slot.Span = BeginSpan(job.Event.GetType().Name, job.TraceParent, slot.Instance);
        var writes = (IReadOnlyList<IWrite>)[.. together, .. Writes(decision, slot.Instance, slot.Span?.Id ?? job.TraceParent)];
        if (writes.Count == 0)
        {
            Traces.End(slot.Span);
            slot.Jobs.Dequeue();
            Finish(job.Reply, failure: null);
            return;
        }
        slot.Busy = true;
        PipeToSelf(
            _parts.Committer.CommitAsync(new Change(writes)),
            outcome => new ChangeEnded(slot, decision, outcome),
            error => new ChangeEnded(slot, decision, new CommitOutcome.Unavailable(error.Message)));
    }

    /// <summary>Only for the door, whose clients can come again: what came over a link is owed an answer and waits in the outbox.</summary>
    private CellName? FullLane(Decision decision) =>
        decision.Mail.Where(m => _parts.IsFull(m.Link)).Select(m => (CellName?)m.Link).FirstOrDefault();

    private List<IWrite> Writes(Decision decision, InstanceId instance, string? traceParent)
    {
        var writes = new List<IWrite>(decision.Rows.Count + decision.Mail.Count + 1);
        foreach (var row in decision.Rows)
            writes.Add(row.Generation == 1 ? new InsertDispatch(row) : new UpdateDispatch(row));
        if (decision.Terminated && _parts.Intents is { } intents)
            writes.AddRange(intents.Terminated(instance, _parts.Time.GetUtcNow()));
        if (decision.Acted is { } acted && _parts.Intents is { } log)
            writes.AddRange(log.Acted(acted));
        foreach (var mail in decision.Mail)
            writes.Add(new SendWork(mail.Link, mail.Key ?? instance.ToString(), mail.Message, traceParent));
        return writes;
    }

    private Activity? BeginSpan(string what, string? parent, InstanceId instance) => Traces.On
        ? Traces.Begin($"dispatch {what}", ActivityKind.Consumer, parent)?.SetTag("cells.cell", _parts.Cell.Value).SetTag("cells.instance", instance.ToString())
        : null;

    private void OnChangeEnded(ChangeEnded ended)
    {
        var (slot, decision, outcome) = ended;
        if (!ReferenceEquals(_slots.GetValueOrDefault(slot.Instance), slot))
            return;                                   // begun before this actor was restarted; its message comes again
        Traces.End(slot.Span, outcome is CommitOutcome.Committed ? null : outcome.GetType().Name);
        var job = slot.Jobs.Peek();
        switch (outcome)
        {
            case CommitOutcome.Committed committed:
                slot.Jobs.Dequeue();
                slot.Rows = _parts.IsShared ? null : Merge(slot.Rows!, decision.Rows);
                Remember(slot.Instance, decision, committed.WorkNumbers);
                Finish(job.Reply, failure: null, outcome);
                break;
            case CommitOutcome.Missed missed when job.Reply is Asker asker && missed.Writes.Any(asker.Together.Contains):
                slot.Jobs.Dequeue();
                slot.Rows = null;
                Finish(job.Reply, failure: null, new CommitOutcome.Missed([.. missed.Writes.Where(asker.Together.Contains)]));
                break;
            case CommitOutcome.Missed:
                slot.Rows = null;                     // somebody moved the row: read again, decide again
                break;
            case CommitOutcome.Unavailable when job.Reply is Asker:
                slot.Jobs.Dequeue();
                Finish(job.Reply, failure: null, outcome);
                break;
            case CommitOutcome.Unavailable unavailable:
                Pause(slot, unavailable.Reason);
                return;
            default:
                throw new InvalidOperationException($"The committer answered {outcome.GetType().Name}, which is no way for a change to end.");
        }
        slot.Busy = false;
        Continue(slot);
    }

    /// <summary>What is committed is now true in memory too: the children's room, and who waits.</summary>
    private void Remember(InstanceId instance, Decision decision, IReadOnlyList<long> numbers)
    {
        foreach (var row in decision.Rows)
        {
            if (row.State == DispatchState.Waiting)
                _waiting.Add(row.Instance.Value);
            else
                _waiting.Remove(row.Instance.Value);
            if (row is { State: DispatchState.Refused or DispatchState.Deleted, Asked: { } left })
                _children.OnSettled(left, instance);
            foreach (var trial in row.Tried)
                _children.OnSettled(trial.Child, instance);
        }
        for (var i = 0; i < decision.Mail.Count; i++)
        {
            if (decision.Mail[i] is { Message: BuildInstance build } mail)
                _children.OnSent(mail.Link, numbers[i], build);
        }
    }

    private void Pause(Slot slot, string reason)
    {
        DispatchTelemetry.ChangeDelayed(_parts.Log, _parts.Cell, slot.Instance, reason, _parts.Options.RetryAfter);
        Timers.StartSingleTimer(("resume", slot.Instance), new Resume(slot.Instance), _parts.Options.RetryAfter);
    }

    private void OnResume(InstanceId instance)
    {
        if (!_slots.TryGetValue(instance, out var slot))
            return;
        slot.Busy = false;
        Continue(slot);
    }

    /// <summary>One read at a time, for everybody who waits for one.</summary>
    private void ReadRows()
    {
        if (_reading || _toRead.Count == 0)
            return;
        _reading = true;
        var batch = new List<Slot>();
        while (batch.Count < MostReadAtOnce && _toRead.TryDequeue(out var slot))
            batch.Add(slot);
        PipeToSelf(
            _store.ReadAsync([.. batch.Select(s => s.Instance)], Stopping),
            rows => new RowsRead(batch, rows),
            error => new RowsUnread(batch, error));
    }

    private void OnRowsRead(RowsRead read)
    {
        _reading = false;
        var byInstance = read.Rows.ToLookup(r => r.Instance);
        foreach (var slot in read.Slots)
        {
            slot.Rows = [.. byInstance[slot.Instance]];
            slot.Busy = false;
            Continue(slot);
        }
        ReadRows();
    }

    private void OnRowsUnread(RowsUnread unread)
    {
        _reading = false;
        DispatchTelemetry.ReadDelayed(_parts.Log, _parts.Cell, "dispatch rows", unread.Error.Message, _parts.Options.RetryAfter);
        foreach (var slot in unread.Slots)
        {
            // A person waits behind an ask and is told at once; a message waits.
            while (slot.Jobs.TryPeek(out var job) && job.Reply is Asker)
            {
                slot.Jobs.Dequeue();
                Finish(job.Reply, failure: null, new CommitOutcome.Unavailable(unread.Error.Message));
            }
            if (slot.Jobs.Count == 0)
                _slots.Remove(slot.Instance);
            else
                Timers.StartSingleTimer(("resume", slot.Instance), new Resume(slot.Instance), _parts.Options.RetryAfter);
        }
        ReadRows();
    }

    private void Finish(Reply? reply, string? failure, CommitOutcome? outcome = null)
    {
        switch (reply)
        {
            case Origin origin:
                _counts.GetValueOrDefault(origin.Link)?.Finished(origin.Number);
                origin.Links.Tell(failure is null ? new WorkDone(origin.Link, origin.Number) : new WorkFailed(origin.Link, origin.Number, failure));
                break;
            case Asker asker:
                Answer(asker, failure is null
                    ? new DispatchOutcome.Ended(outcome ?? new CommitOutcome.Committed([]))
                    : new Status.Failure(new InvalidOperationException(failure)));
                break;
            case Driven driven:
                OnDriven(driven.Drive);
                break;
            default:
                break;                                // a job of our own: nobody waits for it
        }
    }

    private static IReadOnlyList<DispatchRow> Merge(IReadOnlyList<DispatchRow> rows, IReadOnlyList<DispatchRow> changed) =>
        changed.Count == 0 ? rows : [.. rows.Where(r => changed.All(c => c.Epoch != r.Epoch)).Concat(changed).OrderBy(r => r.Epoch)];

    /// <summary>An instance with something to do. Rows: every epoch; null: to be read.</summary>
    private sealed class Slot(InstanceId instance)
    {
        public InstanceId Instance { get; } = instance;
        public IReadOnlyList<DispatchRow>? Rows { get; set; }
        public Queue<Job> Jobs { get; } = [];
        public bool Busy { get; set; }

        /// <summary>Of the change that is under way; null when nobody traces.</summary>
        public Activity? Span { get; set; }
    }

    private sealed record Job(DispatchEvent Event, string? TraceParent, Reply? Reply);

    private abstract record Reply;
    private sealed record Origin(IActorRef Links, CellName Link, long Number) : Reply;

    /// <param name="Patience">Until the deadline that the door gave the request.</param>
    /// <param name="Question">Set when it waits for what is told, not only for its question to be on its way.</param>
    private sealed record Asker(IActorRef Who, IReadOnlyList<IWrite> Together, TimeSpan Patience, Guid? Question = null) : Reply;

    private sealed record RowsRead(IReadOnlyList<Slot> Slots, IReadOnlyList<DispatchRow> Rows);
    private sealed record RowsUnread(IReadOnlyList<Slot> Slots, Exception Error);
    private sealed record ChangeEnded(Slot Slot, Decision Decision, CommitOutcome Outcome);
    private sealed record Resume(InstanceId Instance);
}
