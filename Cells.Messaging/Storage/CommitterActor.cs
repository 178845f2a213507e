using Cells.Contracts;
using Cells.Messaging.Actors;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>
/// Drains what waits into one transaction, then tells each asker. One group at a time; what comes meanwhile makes the next one, so groups
/// grow with the load. Whatever fails, each change ends once: committed, missed, or not written at all.
/// </summary>
internal sealed class CommitterActor : ReceiveActor
{
    private readonly CommitterState _state;
    private readonly CommitConnection _connection;
    private readonly IDatabaseGate _gate;
    private readonly IIdSource _ids;
    private readonly CommitterOptions _options;
    private readonly Action _ended;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private long _began;
    private int _lookUps;   // in a row, for one group

    public CommitterActor(
        CommitterState state, CommitConnection connection, IDatabaseGate gate, IIdSource ids, CommitterOptions options, Action ended)
    {
        (_state, _connection, _gate, _ids, _options, _ended) = (state, connection, gate, ids, options, ended);
        (_logger, _time) = (Context.System.Logger, Context.System.Time);

        Receive<Asked>(asked =>
        {
            _state.Queue.Add(asked.Change);
            BeginIfIdle();
        });
        Receive<GroupEnded>(ended => On(ended.Result));
        Receive<AnswerLost>(lost =>
        {
            StorageTelemetry.AnswerLost(_logger, _state.Group!.Id, lost.Error);
            LookUp();
        });
        Receive<LookedUp>(On);
        Receive<LookUpFailed>(On);
        Receive<PauseOver>(_ => GoOn());
        Receive<Subscribe>(subscribe =>
        {
            if (_state.Subscribers.Contains(subscribe.Subscriber))
                return;
            Context.Watch(subscribe.Subscriber);
            _state.Subscribers.Add(subscribe.Subscriber);
        });
        Receive<Elsewhere>(other => Publish(other.Group));
        Receive<Terminated>(gone => _state.Subscribers.Remove(gone.ActorRef));
        Receive<WhenIdle>(_ =>
        {
            _state.AskedWhenIdle.Add(Sender);
            BeginIfIdle();
        });
    }

    // What was under way when the former instance failed: its result still comes, as a message, but its timers are gone.
    protected override void PostRestart(Exception reason)
    {
        if (_state.Step is CommitterStep.Pausing or CommitterStep.PausingLookUp)
            GoOn();
        else
            BeginIfIdle();
    }

    // The queue outlives a restart: nobody is told anything.
    protected override void PreRestart(Exception reason, object? message)
    {
    }

    protected override void PostStop()
    {
        _ended();
        // Of a group under way nothing true can be said any more: its asker is not told.
        foreach (var change in _state.Queue.TakeWaiting())
            Tell(change, new CommitOutcome.Unavailable($"Cell {Context.System.Name} ended its work before this was written."));
    }

    private void BeginIfIdle()
    {
        if (_state.Step != CommitterStep.Idle)
            return;
        if (_state.Queue.TryBegin())
        {
            _state.Attempts = 0;
            Run();
            return;
        }
        foreach (var asker in _state.AskedWhenIdle)
            asker.Tell(new Idle());
        _state.AskedWhenIdle.Clear();
    }

    private void Run()
    {
        var members = _state.Queue.Current;
        // A new id for each attempt: the former one may still be looked at by a server that lags.
        var group = new GroupTransaction(_state.Committer, _ids.NewGuid(), members);
        (_state.Group, _state.Step) = (group, CommitterStep.Running);
        _state.Attempts++;
        _began = _time.GetTimestamp();
        PipeToSelf(
            Gated($"commit {members.Count} changes", stop => _connection.RunAsync(group, stop)),
            success: result => new GroupEnded(result),
            failure: error => new AnswerLost(error));
    }

    /// <summary>The gate may fail before the work as well as after it: in both cases the answer is lost, and the group's id tells which it was.</summary>
    private Task<T> Gated<T>(string what, Func<CancellationToken, Task<T>> work)
    {
        try
        {
            return _gate.RunAsync(DatabaseUse.Commit, what, work, Stopping);
        }
        catch (Exception error)
        {
            return Task.FromException<T>(error);
        }
    }

    private void On(GroupResult result)
    {
        CommitterMeters.Group(result, _state.Group!.Members.Count, _time.GetElapsedTime(_began));
        switch (result)
        {
            case GroupResult.Done done:
                Committed(done);
                break;
            case GroupResult.Missed missed:
                _state.Step = CommitterStep.Idle;
                foreach (var (change, writes) in _state.Queue.Miss(missed.Writes))
                    Tell(change, new CommitOutcome.Missed(writes));
                break;
            case GroupResult.Refused refused:
                Refused(refused.Error);
                break;
            case GroupResult.NotNow notNow:
                TryLater(notNow.Error);
                break;
        }
        BeginIfIdle();
    }

    private void Committed(GroupResult.Done done)
    {
        _state.Step = CommitterStep.Idle;
        var members = _state.Queue.End();
        for (var i = 0; i < members.Count; i++)
            Tell(members[i], new CommitOutcome.Committed(done.WorkNumbers[i]));
        Publish(done.Committed);
    }

    private void Publish(GroupCommitted group)
    {
        foreach (var subscriber in _state.Subscribers)
            subscriber.Tell(group);
    }

    private void Refused(Exception error)
    {
        _state.Step = CommitterStep.Idle;
        if (_state.Queue.Refuse() is not { } culprit)
            return;
        StorageTelemetry.ChangeRefused(_logger, culprit, error);
        Tell(culprit, new CommitOutcome.Unavailable($"The database refused the change ({culprit}): {error.Message}")
        {
            IsRefused = true,
            // What other changes can bring about: foreign key, unique and exclusion violations (PostgreSQL manual, appendix A).
            Constraint = error is PostgresException { SqlState: "23503" or "23505" or "23P01" } broken ? broken.ConstraintName ?? broken.SqlState : null,
        });
    }

    private void TryLater(Exception error)
    {
        if (_state.Attempts < _options.MaxAttempts)
        {
            StorageTelemetry.CommitRetried(_logger, _state.Attempts, error);
            Pause(CommitterStep.Pausing, _state.Attempts);
            return;
        }
        _state.Step = CommitterStep.Idle;
        // What came later has no better prospects, and the askers have waited long enough.
        PendingChange[] all = [.. _state.Queue.End(), .. _state.Queue.TakeWaiting()];
        StorageTelemetry.CommitGivenUp(_logger, all.Length, _options.MaxAttempts, error);
        foreach (var change in all)
            Tell(change, new CommitOutcome.Unavailable($"The database of cell {Context.System.Name} could not be written: {error.Message}"));
    }

    private void LookUp()
    {
        _state.Step = CommitterStep.LookingUp;
        PipeToSelf(
            Gated("look for a group", _connection.LastGroupAsync),
            success: last => new LookedUp(last),
            failure: error => new LookUpFailed(error));
    }

    private void On(LookedUp found)
    {
        var group = _state.Group!;
        var held = found.LastGroup == group.Id;
        StorageTelemetry.GroupLookedUp(_logger, group.Id, held);
        _lookUps = 0;
        if (held)
            On(group.Prepared!);
        else
            On(new GroupResult.NotNow(new IOException("The answer to a group was lost; it had not been committed.")));
    }

    private void On(LookUpFailed failed)
    {
        if (_lookUps == 0)                                   // once, however long it lasts
            StorageTelemetry.LookUpFailed(_logger, _state.Group!.Id, failed.Error);
        Pause(CommitterStep.PausingLookUp, ++_lookUps);
    }

    private void Pause(CommitterStep step, int attempts)
    {
        _state.Step = step;
        Timers.StartSingleTimer("pause", PauseOver.Instance, _options.DelayAfter(attempts));
    }

    private void GoOn()
    {
        if (_state.Step == CommitterStep.PausingLookUp)
            LookUp();
        else
            Run();
    }

    private void Tell(PendingChange change, CommitOutcome outcome)
    {
        try
        {
            change.Told(outcome);
        }
        catch (Exception error)
        {
            // One asker's bug must not keep the others from their answers.
            StorageTelemetry.AskerFailed(_logger, change, outcome.GetType().Name, error);
        }
    }

    internal sealed record Asked(PendingChange Change);

    internal sealed record Subscribe(IActorRef Subscriber);

    internal sealed record Elsewhere(GroupCommitted Group);

    /// <summary>Answered by <see cref="Idle"/> once nothing waits.</summary>
    internal sealed record WhenIdle
    {
        public static readonly WhenIdle Instance = new();
    }

    internal sealed record Idle;

    private sealed record GroupEnded(GroupResult Result);

    private sealed record AnswerLost(Exception Error);

    private sealed record LookedUp(Guid? LastGroup);

    private sealed record LookUpFailed(Exception Error);

    private sealed record PauseOver
    {
        public static readonly PauseOver Instance = new();
    }
}
