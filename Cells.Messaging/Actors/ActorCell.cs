namespace Cells.Messaging.Actors;

/// <summary>The lasting part of an actor: mailbox, place in the tree, the instance of the day. Everything but
/// <see cref="Tell"/> and <see cref="Send"/> happens in its own turns, so it needs no locks.</summary>
internal sealed partial class ActorCell : Runnable, IActorContext
{
    [ThreadStatic]
    private static ActorCell? s_current;

    private readonly Mailbox _mailbox;
    private readonly Props _props;
    private readonly ActorCell? _parent;
    private ActorBase? _actor;
    private Envelope _handling;
    private bool _constructing;
    private bool _terminating;

    internal ActorCell(ActorSystem system, Props props, ActorPath path, ActorCell? parent)
    {
        (System, _props, Path, _parent) = (system, props, path, parent);
        Incarnation = system.NextIncarnation();
        _mailbox = new Mailbox(props.MailboxCapacity);
        Self = new LocalActorRef(this);
        Stash = new MessageStash(this, props.MailboxCapacity);
        Timers = new TimerScheduler(this);
    }

    /// <summary>The actor whose turn runs on this thread.</summary>
    internal static ActorCell? Current => s_current;

    public override ActorSystem System { get; }

    public override ActorPath Path { get; }

    public IActorRef Self { get; }

    public IActorRef Parent => _parent?.Self ?? ActorRefs.Nobody;

    public IActorRef Sender => _handling.Sender ?? System.DeadLetters;

    /// <summary>Orders actors of a system by the time they were made; never used again.</summary>
    internal long Incarnation { get; }

    internal MessageStash Stash { get; }

    internal TimerScheduler Timers { get; private set; }

    internal Envelope Handling => _handling;

    /// <summary>Numbers the messages handled: two tells of one object are two turns.</summary>
    internal long Turn { get; private set; }

    internal bool HasTerminated => _mailbox.IsClosed;

    internal override bool HasWork =>
        _mailbox.HasSystemMessages
        || (_mailbox.HasMessages && (!_mailbox.IsSuspended || _mailbox.IsClosed))
        || (Stash.HasUnstashed && !_mailbox.IsSuspended);

    internal void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (System.HasCrashed)
            return;
        var envelope = new Envelope(message, sender);
        if (_mailbox.IsClosed)
            Bury(envelope, DeadLetterReason.Stopped);
        else if (!_mailbox.TryEnqueue(envelope))
            Bury(envelope, DeadLetterReason.MailboxFull);
        else
            ScheduleForMessage();
    }

    /// <summary>For what the actor itself set going; see <see cref="Mailbox.EnqueueBeyondCapacity"/>.</summary>
    internal void TellOwn(object message, IActorRef? sender)
    {
        if (System.HasCrashed)
            return;
        var envelope = new Envelope(message, sender);
        if (_mailbox.IsClosed)
        {
            Bury(envelope, DeadLetterReason.Stopped);
            return;
        }
        _mailbox.EnqueueBeyondCapacity(envelope);
        ScheduleForMessage();
    }

    internal void Send(SystemMessage message)
    {
        if (System.HasCrashed)
            return;
        if (_mailbox.TryEnqueue(message))
            ScheduleIfIdle();
        else if (message is SystemMessage.Watch watch)
            watch.Watcher.Send(new SystemMessage.DeathWatchNotification(this));
    }

    /// <summary>Guards what only the actor's own turn may do; off it, the caller would race with the actor.</summary>
    internal ActorCell InTurn() => s_current == this
        ? this
        : throw new InvalidOperationException(
            $"{Path}: its context was used outside of its handlers. A handler does not await: pipe the task's result to the actor with PipeToSelf.");

    /// <summary>The instance being constructed takes its cell from here.</summary>
    internal static ActorCell TakeForConstruction(Type actor)
    {
        if (s_current is not { _constructing: true } cell)
            throw new ActorInitializationException($"{actor.Name} was made with new: make actors with ActorOf(Props.Create(() => new {actor.Name}(...))).");
        cell._constructing = false;
        return cell;
    }

    internal override void RunNext(Action<StepTrace>? observe)
    {
        if (System.HasCrashed)
        {
            DropAll();
            return;
        }
        var outer = s_current;
        s_current = this;
        try
        {
            if (_mailbox.TryDequeue(out SystemMessage? order))
            {
                observe?.Invoke(new StepTrace(System, Path, order));
                Handle(order);
            }
            else if (_mailbox.IsClosed)
                BuryAll();
            else if (!_mailbox.IsSuspended && Stash.TryTakeUnstashed(out var envelope))
                Handle(envelope, observe);
            else if (!_mailbox.IsSuspended && _mailbox.TryDequeue(out envelope) && TryOpen(ref envelope))
                Handle(envelope, observe);
        }
        finally
        {
            s_current = outer;
        }
    }

    /// <summary>For the message of a test or a log that finds the actor stuck.</summary>
    internal string Describe() =>
        $"{Path}: scheduled={IsScheduled} messages={_mailbox.Count} systemMessages={_mailbox.HasSystemMessages} suspended={_mailbox.IsSuspended} closed={_mailbox.IsClosed}";

    private void Handle(SystemMessage order)
    {
        switch (order)
        {
            case SystemMessage.Create: OnCreate(); break;
            case SystemMessage.Terminate: OnTerminate(); break;
            case SystemMessage.Suspend: OnSuspend(); break;
            case SystemMessage.Resume resume: OnResume(resume.AfterFailure); break;
            case SystemMessage.Recreate recreate: OnRecreate(recreate.Cause); break;
            case SystemMessage.Failed failed: OnFailed(failed); break;
            case SystemMessage.Watch watch: OnWatch(watch.Watcher); break;
            case SystemMessage.Unwatch unwatch: OnUnwatch(unwatch.Watcher); break;
            case SystemMessage.DeathWatchNotification notification: OnDeath(notification.Dead); break;
            default: throw new InvalidOperationException($"Unknown system message {order}.");
        }
    }

    /// <summary>Turns what the kernel put into the mailbox into the message that the actor is to see.</summary>
    /// <returns>False when there is none: a cancelled timer, an unwatched actor, a mapping that threw.</returns>
    private bool TryOpen(ref Envelope envelope)
    {
        switch (envelope.Message)
        {
            case TimerScheduler.Tick tick:
                envelope = envelope with { Message = tick.Message };
                return Timers.Accepts(tick);
            case Terminated terminated:
                return _deathsToTell.Remove(terminated.Cell.Incarnation);
            case PipedResult piped:
                try
                {
                    envelope = envelope with { Message = piped.Map() };
                    return true;
                }
                catch (Exception error)
                {
                    Fail(error, piped.ToString());
                    return false;
                }
            default:
                return true;
        }
    }

    private void Handle(Envelope envelope, Action<StepTrace>? observe)
    {
        observe?.Invoke(new StepTrace(System, Path, envelope.Message));
        _handling = envelope;
        Turn++;
        try
        {
            if (envelope.Message is PoisonPill)
                Stop(Self);
            else if (!_actor!.HandleMessage(envelope.Message))
                _actor.HandleUnhandled(envelope.Message);
        }
        catch (Exception error)
        {
            Fail(error, envelope.Message.GetType().Name);
        }
        finally
        {
            _handling = default;
        }
    }

    internal void Bury(Envelope envelope, DeadLetterReason reason)
    {
        // A timer's tick or a death notice for an actor that is gone tells nobody anything.
        if (envelope.Message is not (TimerScheduler.Tick or Terminated or PoisonPill))
            System.DeadLetters.Publish(new DeadLetter(envelope.Message, envelope.Sender, Path, reason));
    }

    private void BuryAll()
    {
        while (_mailbox.TryDequeue(out Envelope envelope))
            Bury(envelope, DeadLetterReason.Stopped);
    }

    private void DropAll()
    {
        while (_mailbox.TryDequeue(out SystemMessage? _) || _mailbox.TryDequeue(out Envelope _) || Stash.TryTakeUnstashed(out _))
        {
        }
    }

    private void ScheduleForMessage()
    {
        // A suspended actor would only find that it may not read it; Resume looks into the mailbox.
        if (!_mailbox.IsSuspended || _mailbox.IsClosed)
            ScheduleIfIdle();
    }
}
