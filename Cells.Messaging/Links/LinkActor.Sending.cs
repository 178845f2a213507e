using Cells.Contracts.Wire;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Links;

/// <summary>What the link sends: work before state, and the latest news.</summary>
internal sealed partial class LinkActor
{
    private const int MessagesPerFrame = 64;
    private const int BytesPerFrame = 256 * 1024;
    private const int RowsPerRead = 256;
    private const int AcksPerDelete = 256;

    private static readonly TimeSpan BetweenNews = TimeSpan.FromMilliseconds(100);

    // A lost frame of news heals by itself, as no later one may follow for hours.
    private static readonly TimeSpan NewsAgainAfter = TimeSpan.FromSeconds(5);

    private readonly SortedDictionary<long, WorkItem> _rows = [];   // of the outbox, above the neighbour's watermark; never with a hole
    private long _nextRow;             // the one that would join them
    private long _heardGiven;          // announced while it was not clear yet what the numbers belong to
    private WorkSending _work = new(0, 0, 0, 0, TimeSpan.Zero);
    private StateSending _state = StateSending.Zero;
    private long _recorded;            // our durable copy of the neighbour's work watermark
    private bool _recording;
    private bool _readingOutbox;
    private object? _news;
    private TimeSpan? _newsSent;

    private bool SendsState => _parts.Source is not null && _parts.Kind == NeighbourKind.Parent;

    private long CheckedWorkGiven => _board.PastIsChecked ? _work.Given : _board.WorkGivenAtStart;

    private long CheckedChanges => _board.PastIsChecked ? _state.Known : _board.ChangesAtStart;

    /// <summary>A new incarnation of ours, or the first one since the start.</summary>
    private void BeginSending(LinkRecord record)
    {
        _rows.Clear();
        _recorded = record.Past.WorkAcked;
        _work = new WorkSending(_recorded, _recorded, _recorded, Math.Max(record.WorkGiven, _heardGiven), Now);
        _state = StateSending.Zero.OnChange(Math.Max(_state.Known, record.ChangeCounter));
    }

    /// <summary>After a hello that agreed: from what the neighbour has, whatever was on the way.</summary>
    private void ResumeSending(Hello hello)
    {
        _work = _work.OnAgreed(hello.WorkWatermark, Now);
        _state = _state.OnAgreed(hello.StateWatermark);
        DropAcknowledgedRows();
    }

    private void OnGroupCommitted(GroupCommitted group)
    {
        if (group.LastChangeNumber is { } change)
            _state = _state.OnChange(change);
        foreach (var work in group.Works.Where(work => work.Link == Neighbour))
        {
            // While the incarnation changes the number may be of the old one or of the new one; the record that is read next knows.
            _heardGiven = Math.Max(_heardGiven, work.Number);
            if (_record is null || _changing)
                continue;
            _work = _work.OnGiven(work.Number);
            Keep(new WorkItem(
                work.Number, work.Work.OrderKey, WireMessages.NameOf(work.Work.Message), WireMessages.ToBytes(work.Work.Message), work.Work.TraceParent));
        }
        foreach (var (_, upTo) in group.Elsewhere.Where(work => work.Link == Neighbour))
        {
            _heardGiven = Math.Max(_heardGiven, upTo);
            if (_record is not null && !_changing)
                _work = _work.OnGiven(upTo);
        }
        _board.ShowBacklog(_work.Backlog);
        Pump();
    }

    /// <summary>Remembers a row that joins the ones we have; the others are read when their turn comes.</summary>
    private void Keep(WorkItem row)
    {
        if (_rows.Count == 0)
            _nextRow = _work.Sent + 1;
        if (row.Number != _nextRow || _rows.Count >= 2 * WorkSending.Window)
            return;
        _rows.Add(row.Number, row);
        _nextRow++;
    }

    private void Pump()
    {
        if (!IsAgreed || _changing)
            return;
        SendWork();
        if (SendsState && !_work.MaySend)
            SendState();
    }

    private void SendWork()
    {
        while (_work.MaySend)
        {
            var items = NextFrame();
            if (items.Count == 0)
            {
                ReadOutbox();
                return;
            }
            if (!Send(FrameKind.Work, _record!.Past.OutIncarnation, FrameBodies.Work(items)))
                return;        // the way is full: the tick goes on
            LinkTelemetry.WorkSent.Add(items.Count);
            _work = _work.OnSent(items[^1].Number, Now);
        }
    }

    private List<WorkItem> NextFrame()
    {
        var items = new List<WorkItem>();
        var bytes = 0;
        for (var number = _work.Sent + 1; number <= _work.SendTo && items.Count < MessagesPerFrame && bytes < BytesPerFrame; number++)
        {
            if (!_rows.TryGetValue(number, out var row))
                break;
            items.Add(row);
            bytes += FrameBodies.SizeOf(row);
        }
        return items;
    }

    private void ReadOutbox()
    {
        if (_readingOutbox)
            return;
        _readingOutbox = true;
        var (above, given, incarnation) = (_work.Sent, _work.Given, _record!.Past.OutIncarnation);
        PipeToSelf(
            _parts.Store.ReadOutboxAsync(Neighbour, above, RowsPerRead, Stopping),
            rows => new OutboxRead(_life, above, given, incarnation, rows),
            error => new OutboxNotRead(_life, error));
    }

    private void OnOutboxRead(OutboxRead read)
    {
        (_readingOutbox, _unreadTold) = (false, false);
        if (_changing || read.Incarnation != _record!.Past.OutIncarnation)
            return;
        // What was kept may lie beyond a hole: the rows just read are the ones to go on with.
        _rows.Clear();
        foreach (var row in read.Rows)
            Keep(row);
        var last = read.Rows.Count > 0 ? read.Rows[^1].Number : read.Above;
        if (read.Rows.Count < RowsPerRead && last < read.Given && _work.Given == read.Given)
            _work = _work.OnOutboxEnd(last);
        Pump();
    }

    private void OnOutboxNotRead(Exception error)
    {
        _readingOutbox = false;        // the tick tries again
        TellNotRead("the outbox", error);
    }

    private void SendState()
    {
        if (_state.Move == StateMove.ReadPage)
        {
            var (above, incarnation) = (Math.Max(_state.Acked, _state.Looked), _record!.Past.OutIncarnation);
            _state = _state.OnReading();
            PipeToSelf(
                _parts.Source!.ReadPageAsync(Neighbour, above, StateSending.RowsPerPage, Stopping),
                page => new PageRead(_life, above, incarnation, page),
                error => new PageNotRead(_life, error));
        }
        else if (_state.Move == StateMove.SendPage && Send(FrameKind.State, _record!.Past.OutIncarnation, FrameBodies.State(_state.Page!)))
        {
            LinkTelemetry.StateRowsSent.Add(_state.Page!.Rows.Count);
            _state = _state.OnSent(Now);
        }
    }

    private void OnPageRead(PageRead read)
    {
        _state = read.Incarnation == _record!.Past.OutIncarnation ? _state.OnRead(read.Above, read.Page) : _state.OnReadFailed();
        Pump();
    }

    private void OnPageNotRead(Exception error)
    {
        _state = _state.OnReadFailed();        // the tick tries again
        TellNotRead("a page of state", error);
    }

    private void OnMarks(Marks marks)
    {
        _work = _work.OnMarks(marks, Now);
        _state = _state.OnMarks(marks);
        DropAcknowledgedRows();
        if (_work.Acked - _recorded >= AcksPerDelete)
            RecordAcknowledged();
        _board.ShowBacklog(_work.Backlog);
        Pump();
    }

    private void DropAcknowledgedRows()
    {
        while (_rows.Count > 0 && _rows.Keys.First() is var first && first <= _work.Acked)
            _rows.Remove(first);
    }

    private void RecordAcknowledged()
    {
        if (_recording || _changing || _work.Acked <= _recorded)
            return;
        _recording = true;
        var (to, incarnation) = (_work.Acked, _record!.Past.OutIncarnation);
        PipeToSelf(
            _parts.Committer.CommitAsync(new Change(new AcknowledgeWork(Neighbour, incarnation, to))),
            outcome => new Acknowledged(_life, incarnation, to, (outcome as CommitOutcome.Unavailable)?.Reason),
            error => new Acknowledged(_life, incarnation, to, error.Message));
    }

    private void OnAcknowledged(Acknowledged acknowledged)
    {
        _recording = false;            // the tick tries again
        if (acknowledged.Problem is not null)
            LinkTelemetry.NotCommitted(_parts.Logger, Cell, Neighbour, "an acknowledged number", acknowledged.Problem);
        else if (acknowledged.Incarnation == _record!.Past.OutIncarnation)
            _recorded = Math.Max(_recorded, acknowledged.To);
    }

    private void TickSending()
    {
        _work = _work.OnTick(Now);
        _state = _state.OnTick(Now);
        if (IsAgreed)
            RecordAcknowledged();
        if (_news is not null && (_newsSent is null || Now - _newsSent >= NewsAgainAfter))
            SendNewsNow();
    }

    private void OnSendNews(SendNews news)
    {
        _news = news.Message;
        // The clock is read once: it goes on between two looks, and what is left must not become negative.
        if (_newsSent is { } sent && BetweenNews - (Now - sent) is var left && left > TimeSpan.Zero)
        {
            if (!Timers.IsTimerActive(nameof(NewsDue)))
                Timers.StartSingleTimer(nameof(NewsDue), NewsDue.Instance, left);
            return;
        }
        SendNewsNow();
    }

    private void SendNewsNow()
    {
        if (_news is null || !IsAgreed)
            return;
        if (Send(FrameKind.News, 0, FrameBodies.News(_news)))
            _newsSent = Now;
    }

    private sealed record OutboxRead(ulong Life, long Above, long Given, long Incarnation, IReadOnlyList<WorkItem> Rows) : Answer(Life);

    private sealed record OutboxNotRead(ulong Life, Exception Error) : Answer(Life);

    private sealed record PageRead(ulong Life, long Above, long Incarnation, StatePage Page) : Answer(Life);

    private sealed record PageNotRead(ulong Life, Exception Error) : Answer(Life);

    private sealed record Acknowledged(ulong Life, long Incarnation, long To, string? Problem) : Answer(Life);

    private sealed record NewsDue
    {
        public static readonly NewsDue Instance = new();
    }
}
