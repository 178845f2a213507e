using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Links;

/// <summary>
/// Owns the link to one neighbour: the session with it, what both remember of the past, its health, and what is sent. What is received is
/// its <see cref="LinkInbox"/>'s. A restart is a new session; nothing is lost by it, because everything is asked of the database again.
/// </summary>
internal sealed partial class LinkActor : ReceiveActor
{
    // The database is looked at again even if nothing was announced: another process of the cell, or a full mailbox, may have swallowed it.
    private const int TicksBetweenReads = 10;

    // An unproved hello is answered, but whoever plays old ones again gets no more than these in a second.
    private const int HelloAnswersPerTick = 5;

    private readonly LinkParts _parts;
    private readonly LinkBoard _board;
    private readonly long _start;
    private readonly ulong _life;
    private LinkSession _session;
    private NeighbourWatch _watch;
    private LinkRecord? _record;
    private IActorRef _inbox = ActorRefs.Nobody;
    private long _inboxes;
    private Marks _marks = Marks.Zero;
    private bool _changing;            // until the record was read after it
    private bool _changeEnded;
    private long _reads;
    private bool _reading;
    private bool _unreadTold;
    private bool _outAgreed;
    private bool _inAgreed;
    private long _wantsNewerThan;
    private string? _problem;
    private int _parked;
    private long _ticks;
    private int _helloAnswers;
    private long _sequence;
    private long _lastHeard = -1;
    private (long Count, FrameRefusal Last) _refusals;

    public LinkActor(LinkParts parts)
    {
        (_parts, _board, _start) = (parts, parts.Board, parts.Time.GetTimestamp());
        _life = DrawNonZero(parts.Ids);
        _session = LinkSession.Begin(_life);
        _watch = NeighbourWatch.Silent(Now);

        Receive<FrameArrived>(OnFrame);
        Receive<GroupCommitted>(OnGroupCommitted);
        Receive<LinkInbox.InboxMarks>(OnInboxMarks);
        Receive<SendNews>(OnSendNews);
        Receive<LinkInbox.RetryKey>(m => _inbox.Tell(m, Self));
        Receive<LinkInbox.ParkedChanged>(m => _inbox.Tell(m, Self));
        Receive<Tick>(_ => OnTick());
        Receive<NewsDue>(_ => SendNewsNow());
        // What an earlier life of this actor asked for arrives here too, and means nothing any more.
        Receive<Answer>(m => m.Life == _life, OnAnswer);
        Receive<Answer>(_ => { });
    }

    private CellName Cell => _parts.Cell;
    private CellName Neighbour => _parts.Neighbour;
    private TimeSpan Now => _parts.Time.GetElapsedTime(_start);
    private bool IsAgreed => _outAgreed && _inAgreed;

    // An inbox that failed has lost what it held; the neighbour sends it again to the next one, and the hello says from where.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(0, TimeSpan.Zero, _ => Directive.Escalate);

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, NeighbourWatch.Heartbeat);
        ReadRecord();
    }

    private void OnAnswer(Answer answer)
    {
        switch (answer)
        {
            case RecordRead read: OnRecord(read.Number, read.Record); break;
            case RecordNotRead failed: OnRecordNotRead(failed.Error); break;
            case Changed changed: OnChanged(changed); break;
            case OutboxRead rows: OnOutboxRead(rows); break;
            case OutboxNotRead failed: OnOutboxNotRead(failed.Error); break;
            case PageRead page: OnPageRead(page); break;
            case PageNotRead failed: OnPageNotRead(failed.Error); break;
            case Acknowledged acknowledged: OnAcknowledged(acknowledged); break;
            default: throw new InvalidOperationException($"Unknown answer {answer}.");
        }
    }

    private void ReadRecord()
    {
        var number = ++_reads;
        _reading = true;
        PipeToSelf(
            _parts.Store.ReadLinkAsync(Neighbour, Stopping), record => new RecordRead(_life, number, record), error => new RecordNotRead(_life, error));
    }

    private void OnRecordNotRead(Exception error)
    {
        _reading = false;      // the tick tries again
        TellNotRead("its progress", error);
    }

    /// <summary>Once, until something can be read again: an outage of the database is told by everything that asks it.</summary>
    private void TellNotRead(string what, Exception error)
    {
        if (!_unreadTold)
            LinkTelemetry.NotRead(_parts.Logger, Cell, Neighbour, what, error);
        _unreadTold = true;
    }

    private void OnRecord(long number, LinkRecord record)
    {
        if (number != _reads)
            return;            // a later reading is under way, because something changed after this one
        (_reading, _unreadTold) = (false, false);
        if (_changing && !_changeEnded)
            return;
        (_changing, _changeEnded) = (false, false);
        var before = _record;
        _record = record;
        if (before?.Past.OutIncarnation != record.Past.OutIncarnation)
            BeginSending(record);
        else
            (_work, _state) = (_work.OnGiven(Math.Max(record.WorkGiven, _heardGiven)), _state.OnChange(record.ChangeCounter));
        if (record.Past.InIncarnation != 0 && before?.Past.InIncarnation != record.Past.InIncarnation)
            StartInbox(record);
        if (record.ResetOwed && before?.Past.OutIncarnation != record.Past.OutIncarnation)
            _parts.Router.Tell(new LinkReset(Neighbour, _parts.Kind, new SettleReset(Neighbour, record.Past.OutIncarnation)), Self);
        if (record.OwnPast != _parts.OwnPast)
        {
            Change(begin: Meeting.IncarnationAbove(record.Past.OutIncarnation, Chance(_parts.Ids)),
                $"our own database is another one than before ({record.OwnPast}, now {_parts.OwnPast})",
                adopt: 0,
                metPast: record.Past.MetPastOut);
        }
        else if (!IsAgreed)
        {
            SendHello();
        }
        Pump();
        Show();
    }

    private void StartInbox(LinkRecord record)
    {
        Context.Stop(_inbox);
        _marks = new Marks(record.Past.WorkWatermark, record.Past.WorkWatermark, record.Past.StateWatermark, false, false);
        _parked = record.ParkedKeys.Count;
        _inbox = Context.ActorOf(Props.Create(() => new LinkInbox(_parts, record.Past, record.ParkedKeys)), $"inbox-{++_inboxes}");
    }

    /// <summary>Changes what we durably hold of the past, in one commit; until it is done nothing is sent or applied.</summary>
    private void Change(long begin, string? why, long adopt, string? metPast)
    {
        if (_changing)
            return;
        var writes = new List<IWrite>();
        if (begin != 0)
        {
            LinkTelemetry.Begins(_parts.Logger, Cell, Neighbour, begin, why!);
            writes.Add(new BeginIncarnation(Neighbour, begin, _parts.OwnPast, metPast));
            _outAgreed = false;
        }
        if (adopt != 0)
        {
            LinkTelemetry.Adopts(_parts.Logger, Cell, Neighbour, adopt);
            writes.Add(new AdoptIncarnation(Neighbour, adopt, metPast!));
            _inAgreed = false;
        }
        (_changing, _changeEnded) = (true, false);
        PipeToSelf(
            _parts.Committer.CommitAsync(new Change(writes)),
            outcome => new Changed(_life, (outcome as CommitOutcome.Unavailable)?.Reason),
            error => new Changed(_life, error.Message));
    }

    private void OnChanged(Changed changed)
    {
        // The committer tells outcomes in the order of its groups, so what is announced from here on counts in the new incarnation.
        (_changeEnded, _heardGiven) = (true, 0);
        if (changed.Problem is not null)
            LinkTelemetry.NotCommitted(_parts.Logger, Cell, Neighbour, "a new incarnation", changed.Problem);
        // Read in any case: commits that were announced meanwhile were not listened to. The hellos after it go on, or begin again.
        ReadRecord();
    }

    private void OnFrame(FrameArrived arrived)
    {
        _board.TakeFrame();
        var refusal = EnvelopeCodec.TryOpen(arrived.Bytes, Neighbour, Cell, _parts.CheckKey, out var frame);
        if (refusal == FrameRefusal.None && _record is null)
            return;            // not ready yet: whatever it is comes again
        if (refusal == FrameRefusal.None)
        {
            try
            {
                refusal = frame!.Kind == FrameKind.Hello ? OnHello(frame) : OnOther(frame);
            }
            catch (InvalidDataException)
            {
                refusal = FrameRefusal.Malformed;
            }
        }
        if (refusal != FrameRefusal.None)
            Refuse(refusal);
    }

    private FrameRefusal OnHello(Envelope frame)
    {
        if (_changing)
            return FrameRefusal.None;      // what it speaks of is about to end; after the change we say hello ourselves
        if (_record!.Past.InIncarnation == 0 && _parts.JoinBefore() is { } end && _parts.Time.GetUtcNow() >= end)
        {
            _problem = $"{Neighbour} came after its join token had ended ({end:u}): make another one with `cells cell token`.";
            return FrameRefusal.JoinOver;
        }
        var hello = Hello.Read(frame.Body);
        var before = _session.Proved;
        (_session, var refusal, var proved) = _session.OnHello(frame, hello);
        if (refusal != FrameRefusal.None)
            return refusal;
        if (!proved)
        {
            AnswerHello();
            return FrameRefusal.None;
        }
        // A neighbour that came back remembers nothing that is not committed: both directions are agreed anew, at once or after a change.
        if (before != _session.Proved)
            (_outAgreed, _inAgreed) = (false, false);
        Meet(hello);
        if (hello.Echo != _life || hello.Adopted != _life || (!hello.Agreed && IsAgreed))
            AnswerHello();
        return FrameRefusal.None;
    }

    private void Meet(Hello hello)
    {
        var past = _record!.Past with { WorkWatermark = _marks.WorkWatermark, StateWatermark = _marks.StateWatermark, WorkAcked = _recorded };
        var meeting = Meeting.Of(past, CheckedWorkGiven, CheckedChanges, hello);
        if (meeting.Refused is not null)
        {
            if (_problem != meeting.Refused)
                LinkTelemetry.Unusable(_parts.Logger, Cell, Neighbour, meeting.Refused);
            (_problem, _outAgreed, _inAgreed) = (meeting.Refused, false, false);
            Show();
            return;
        }
        _problem = null;
        _wantsNewerThan = meeting.WantsNewerThan;
        if (meeting.BeginReason is not null || meeting.Adopt != 0)
        {
            var begin = meeting.BeginReason is null ? 0 : Meeting.IncarnationAbove(meeting.BeginAbove, Chance(_parts.Ids));
            Change(begin, meeting.BeginReason, meeting.Adopt, hello.Past);
            return;
        }
        var wasAgreed = IsAgreed;
        if (meeting.OutAgreed && !_outAgreed)
        {
            _board.PastIsChecked = true;
            ResumeSending(hello);
        }
        (_outAgreed, _inAgreed) = (meeting.OutAgreed, meeting.InAgreed);
        if (!IsAgreed)
            return;
        Heard();
        if (!wasAgreed)
        {
            LinkTelemetry.Agreed(_parts.Logger, Cell, Neighbour, past.OutIncarnation, past.InIncarnation);
            SendNewsNow();
        }
        Pump();
    }

    private FrameRefusal OnOther(Envelope frame)
    {
        (_session, var refusal) = _session.OnFrame(frame);
        // A neighbour that came back and heard our hello, while its own was lost, believes that all is well: only we can tell it.
        if (refusal == FrameRefusal.UnknownSession)
            AnswerHello();
        if (refusal != FrameRefusal.None)
            return refusal;
        if (IsAgreed)
            Heard();
        switch (frame.Kind)
        {
            case FrameKind.Work or FrameKind.State when !_inAgreed || frame.Incarnation != _record!.Past.InIncarnation:
            case FrameKind.WorkAck or FrameKind.StateAck when !_outAgreed || frame.Incarnation != _record!.Past.OutIncarnation:
                return FrameRefusal.WrongIncarnation;
            case FrameKind.Work:
                _inbox.Tell(new LinkInbox.WorkArrived(FrameBodies.ReadWork(frame.Body)), Self);
                break;
            case FrameKind.State:
                _inbox.Tell(new LinkInbox.StateArrived(FrameBodies.ReadState(frame.Body)), Self);
                break;
            case FrameKind.Heartbeat when !_outAgreed || frame.Incarnation != _record!.Past.OutIncarnation:
                break;         // alive, and its marks are of another incarnation
            case FrameKind.WorkAck or FrameKind.StateAck or FrameKind.Heartbeat:
                OnMarks(FrameBodies.ReadMarks(frame.Body));
                break;
            case FrameKind.News:
                if (IsAgreed && FrameBodies.ReadNews(frame.Body) is { } news)
                    _parts.Router.Tell(new NewsReceived(Neighbour, _parts.Kind, news), Self);
                break;
            case FrameKind.Probe:
                SendMarks(FrameKind.Heartbeat, _marks);
                break;
            default:
                throw new InvalidOperationException($"Unknown frame kind {frame.Kind}.");
        }
        return FrameRefusal.None;
    }

    private void OnInboxMarks(LinkInbox.InboxMarks told)
    {
        if (!ReferenceEquals(Sender, _inbox))
            return;            // of an incarnation that has ended
        _marks = told.Marks with { WorkAgain = false, StateAgain = false };
        _parked = told.Parked;
        if (_inAgreed)
            SendMarks(told.Ack, told.Marks);
        Show();
    }

    private void OnTick()
    {
        _ticks++;
        _helloAnswers = 0;
        if (_refusals.Count > 0)
            LinkTelemetry.FramesRefused(_parts.Logger, Cell, Neighbour, _refusals.Count, _refusals.Last);
        _refusals = default;
        ChangeHealth(_watch.Tick(Now));
        if (!_reading && (_record is null || _changeEnded || _ticks % TicksBetweenReads == 0))
            ReadRecord();
        if (_record is null)
            return;
        if (_changing)
            return;            // nothing holds until the change is done
        if (IsAgreed)
            SendMarks(_watch.Probes ? FrameKind.Probe : FrameKind.Heartbeat, _marks);
        else
            SendHello();
        TickSending();
        Pump();
        Show();
    }

    private void Heard()
    {
        _lastHeard = _parts.Time.GetTimestamp();
        ChangeHealth(_watch.Heard(Now));
    }

    private void ChangeHealth(NeighbourWatch next)
    {
        var before = _watch.Health;
        _watch = next;
        if (before == next.Health)
            return;
        switch (next.Health)
        {
            case NeighbourHealth.Up: LinkTelemetry.Up(_parts.Logger, Cell, Neighbour); break;
            case NeighbourHealth.Suspect: LinkTelemetry.Suspect(_parts.Logger, Cell, Neighbour); break;
            case NeighbourHealth.Down: LinkTelemetry.Down(_parts.Logger, Cell, Neighbour); break;
            default: throw new InvalidOperationException($"Unknown health {next.Health}.");
        }
        _parts.Router.Tell(new NeighbourChanged(Neighbour, _parts.Kind, next.Health), Self);
        Show();
    }

    private void AnswerHello()
    {
        if (!_changing && _helloAnswers++ < HelloAnswersPerTick)
            SendHello();
    }

    private void SendHello()
    {
        var past = _record!.Past;
        var hello = new Hello(
            Meeting.MinVersion,
            Meeting.MaxVersion,
            _session.Mine,
            _session.Seen,
            _session.Proved,
            IsAgreed,
            _parts.OwnPast,
            past.OutIncarnation,
            CheckedWorkGiven,
            CheckedChanges,
            past.InIncarnation,
            _marks.WorkWatermark,
            _marks.StateWatermark,
            _wantsNewerThan);
        Send(FrameKind.Hello, 0, hello.ToBody());
    }

    private void SendMarks(FrameKind kind, Marks marks) => Send(kind, _record!.Past.InIncarnation, FrameBodies.Marks(marks));

    private bool Send(FrameKind kind, long incarnation, ReadOnlyMemory<byte> body)
    {
        var envelope = new Envelope(Cell, Neighbour, kind, incarnation, _session.Mine, ++_sequence, body);
        return _parts.Transport.TrySend(Cell, Neighbour, EnvelopeCodec.Seal(envelope, _parts.SignKey));
    }

    private void Refuse(FrameRefusal reason)
    {
        _board.CountRefused();
        _refusals = (_refusals.Count + 1, reason);
        LinkTelemetry.Refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
    }

    private void Show()
    {
        _board.ShowBacklog(_work.Backlog);
        var status = new LinkStatus(
            Neighbour,
            _parts.Kind,
            _watch.Health,
            LastHeardAge: null,
            _work.Backlog,
            _work.Acked,
            _marks.WorkWatermark,
            _state.Acked,
            _marks.StateWatermark,
            SendsState ? _state.Lag : 0,
            _parked,
            _board.Refused,
            _problem ?? _parts.Transport.Problem(Cell, Neighbour));
        _board.Show(status, _lastHeard);
    }

    internal static uint Chance(IIdSource ids)
    {
        Span<byte> bytes = stackalloc byte[4];
        ids.Fill(bytes);
        return BitConverter.ToUInt32(bytes);
    }

    private static ulong DrawNonZero(IIdSource ids)
    {
        Span<byte> bytes = stackalloc byte[8];
        ids.Fill(bytes);
        return BitConverter.ToUInt64(bytes) | 1;
    }

    internal sealed record FrameArrived(ReadOnlyMemory<byte> Bytes);

    /// <summary>The end of something this life of the actor set going.</summary>
    private abstract record Answer(ulong Life);

    private sealed record RecordRead(ulong Life, long Number, LinkRecord Record) : Answer(Life);

    private sealed record RecordNotRead(ulong Life, Exception Error) : Answer(Life);

    private sealed record Changed(ulong Life, string? Problem) : Answer(Life);

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
