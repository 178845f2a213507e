using Cells.Messaging.Actors;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Storage.Leases;

/// <summary>
/// Takes a lease when it may, renews it, and tells its subscribers at once when its effects must stop. No clock of another machine is
/// compared with: see <see cref="LeaseWatch"/>. An epoch, once lost, never comes back.
/// </summary>
public sealed class LeaseKeeper : ReceiveActor
{
    private readonly LeaseOptions _options;
    private readonly ICommitter _committer;
    private readonly ICellDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IActorRef _self;
    private readonly IReadOnlyList<IActorRef> _subscribers;

    private LeaseWatch _watch = LeaseWatch.Nothing;
    private Held? _held;
    private bool _busy;   // a read or a write of ours is under way
    private long? _ours;  // the last epoch known to be this process's, with nobody else's since it first held the lease
    private bool _unreadTold;   // told once, not at each tick of an outage
    private bool _givenBack;
    private IActorRef? _giver;

    /// <param name="subscribers">Told <see cref="LeaseTaken"/>, <see cref="LeaseLost"/> and <see cref="LeaseElsewhere"/>.</param>
    public LeaseKeeper(LeaseOptions options, ICommitter committer, ICellDatabase database, params IReadOnlyList<IActorRef> subscribers)
    {
        (_options, _committer, _database, _subscribers) = (options, committer, database, subscribers);
        (_time, _logger, _self) = (Context.System.Time, Context.System.Logger, Self);

        Receive<Tick>(_ => OnTick());
        Receive<WasRead>(On);
        Receive<ReadFailed>(failed =>
        {
            if (!_unreadTold)
                StorageTelemetry.LeaseNotRead(_logger, _options.Name, failed.Error);
            _unreadTold = true;
            _watch = LeaseWatch.Nothing;   // what stood still while nothing could be read may be held by somebody who could not write
            Settle();
        });
        Receive<TakeEnded>(On);
        Receive<RenewalEnded>(On);
        Receive<HalfTermPassed>(_ => Lose("it was not confirmed within half its term"));
        Receive<GiveLeaseBack>(_ => GiveBack());
        Receive<FreeEnded>(_ => AnswerGiver());
    }

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer("tick", Tick.Instance, _options.RenewEvery);
        OnTick();
    }

    // Also before a restart: the new instance knows nothing of what this one held.
    protected override void PostStop() => Lose("its keeper ended", LogLevel.Information);

    private void OnTick()
    {
        if (_busy || _givenBack)
            return;
        _busy = true;
        if (_held is not null)
            Renew(_held);
        else
            Read();
    }

    private void Read()
    {
        var began = _time.GetTimestamp();
        PipeToSelf(
            _database.ReadAsync($"lease {_options.Name}", (connection, stop) => LeaseRow.ReadAsync(connection, _options.Name, stop), Stopping),
            success: row => new WasRead(row, began),
            failure: error => new ReadFailed(error));
    }

    private void On(WasRead read)
    {
        _unreadTold = false;
        JudgeWhoHadIt(read.Row);
        (_watch, var mayTake) = _watch.On(read.Row, read.Began, _time.GetTimestamp(), _options, _time);
        if (!mayTake || _givenBack)
        {
            Settle();
            return;
        }
        var sent = _time.GetTimestamp();
        var take = new TakeLease(_options.Name, _options.Holder, _options.Directory, read.Row.Epoch, read.Row.Counter);
        _committer.Commit(new Change(take), outcome => _self.Tell(new TakeEnded(take, sent, outcome), sender: null));
    }

    /// <summary>
    /// Each take is made over an epoch that was read and judged here. So a row of the next epoch that names this process is a take of ours whose answer
    /// came too late to act on, and any other higher epoch was somebody else's, freed again or not.
    /// </summary>
    private void JudgeWhoHadIt(LeaseRow row)
    {
        if (_ours is not { } ours || row.Epoch <= ours)
            return;
        _ours = row.Epoch == ours + 1 && row.Holder == _options.Holder ? row.Epoch : null;
        if (_ours is not null)
            return;
        foreach (var subscriber in _subscribers)
            subscriber.Tell(new LeaseElsewhere(_options.Name, row.Epoch));
    }

    private void On(TakeEnded ended)
    {
        var epoch = ended.Take.SeenEpoch + 1;
        if (ended.Outcome is CommitOutcome.Committed && _givenBack)
        {
            Free(epoch);
            return;
        }
        Settle();
        if (ended.Outcome is not CommitOutcome.Committed)
            return;   // somebody was quicker, or the database is away: the next tick reads again
        var grant = new LeaseGrant(_time, _options.Term / 2, ended.Sent);
        if (!grant.IsGood)
            return;   // the answer came too late to act on: the row names us, and the next tick takes it again, with a higher epoch
        _ours = epoch;
        _held = new Held(epoch, ended.Take.SeenCounter + 1, grant);
        StorageTelemetry.LeaseTaken(_logger, _options.Name, epoch);
        WatchHalfTerm(grant);
        foreach (var subscriber in _subscribers)
            subscriber.Tell(new LeaseTaken(_options.Name, epoch, grant));
    }

    private void Renew(Held held)
    {
        var sent = _time.GetTimestamp();
        var renew = new RenewLease(_options.Name, _options.Holder, held.Epoch, held.Counter);
        _committer.Commit(new Change(renew), outcome => _self.Tell(new RenewalEnded(renew, sent, outcome), sender: null));
    }

    private void On(RenewalEnded ended)
    {
        _busy = false;
        if (_held is not { } held || held.Epoch != ended.Renewal.Epoch)
            return;   // given up meanwhile: a late yes does not bring an epoch back
        if (!held.Grant.IsGood)
        {
            Lose("it was not confirmed within half its term");
            return;
        }
        switch (ended.Outcome)
        {
            case CommitOutcome.Committed:
                _held = held with { Counter = held.Counter + 1 };
                held.Grant.Confirm(ended.Sent);
                WatchHalfTerm(held.Grant);
                break;
            case CommitOutcome.Missed:
                Lose("another process took it");
                break;
            case CommitOutcome.Unavailable:
                break;   // the next tick tries again; half the term sets the end
        }
    }

    private void WatchHalfTerm(LeaseGrant grant) => Timers.StartSingleTimer("half-term", HalfTermPassed.Instance, grant.Remaining);

    private void Lose(string why, LogLevel level = LogLevel.Warning)
    {
        if (_held is not { } held)
            return;
        _held = null;
        held.Grant.End();
        Timers.Cancel("half-term");
        _watch = LeaseWatch.Nothing;
        StorageTelemetry.LeaseEnded(_logger, level, _options.Name, held.Epoch, why);
        foreach (var subscriber in _subscribers)
            subscriber.Tell(new LeaseLost(_options.Name, held.Epoch));
    }

    private void GiveBack()
    {
        (_givenBack, _giver) = (true, Sender);
        if (_held is { } held)
        {
            Lose("it was given back", LogLevel.Information);
            Free(held.Epoch);
        }
        else if (!_busy)
        {
            AnswerGiver();
        }
    }

    /// <summary>Nothing of ours is under way any more, and nothing is held.</summary>
    private void Settle()
    {
        _busy = false;
        if (_givenBack)
            AnswerGiver();
    }

    // Also when the row could not be freed: then it is free for others after a term.
    private void AnswerGiver() => _giver?.Tell(new LeaseGivenBack(_options.Name));

    private void Free(long epoch) => _committer.Commit(
        new Change(new FreeLease(_options.Name, _options.Holder, epoch)),
        outcome => _self.Tell(new FreeEnded(outcome), sender: null));

    private sealed record Held(long Epoch, long Counter, LeaseGrant Grant);

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed record HalfTermPassed
    {
        public static readonly HalfTermPassed Instance = new();
    }

    private sealed record WasRead(LeaseRow Row, long Began);

    private sealed record ReadFailed(Exception Error);

    private sealed record TakeEnded(TakeLease Take, long Sent, CommitOutcome Outcome);

    private sealed record RenewalEnded(RenewLease Renewal, long Sent, CommitOutcome Outcome);

    private sealed record FreeEnded(CommitOutcome Outcome);
}
