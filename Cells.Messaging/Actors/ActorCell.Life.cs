namespace Cells.Messaging.Actors;

/// <summary>Birth, restart and end of the instance.</summary>
internal sealed partial class ActorCell
{
    private CancellationTokenSource? _stopping;
    private Exception? _recreateWhenChildrenEnded;
    private bool _failed;
    private object? _failedOn;

    /// <summary>Cancelled when this instance ends, by stop or restart.</summary>
    internal CancellationToken Stopping => (_stopping ??= new CancellationTokenSource()).Token;

    /// <summary>For the guardian, which is there before anybody could schedule it.</summary>
    internal void StartInline()
    {
        var outer = s_current;
        s_current = this;
        OnCreate();
        s_current = outer;
    }

    private void OnCreate()
    {
        try
        {
            Construct();
            _actor!.Starting();
        }
        catch (Exception error)
        {
            ReleaseInstance();   // no PostStop for what never started
            Fail(AsInitializationFailure(error), "creation");
        }
    }

    private void Construct()
    {
        _constructing = true;
        try
        {
            var actor = _props.NewActor();
            if (!actor.IsOf(this))
                throw new ActorInitializationException($"{Path}: the Props returned an instance that is already an actor; each restart needs a new one.");
            _actor = actor;
        }
        finally
        {
            _constructing = false;
        }
    }

    /// <summary>Stops handling messages and asks the parent what to do.</summary>
    /// <param name="suspended">Children that are suspended already: each Suspend is matched by one Resume or Recreate.</param>
    private void Fail(Exception cause, string during, ActorCell[]? suspended = null)
    {
        if (_failed || _terminating || HasTerminated)
        {
            MessagingTelemetry.ActorFailedAgain(System.Logger, Path, during, cause);
            return;
        }
        _failed = true;
        _failedOn = _handling.Message;
        _mailbox.Suspend();
        foreach (var child in ChildCells().Except(suspended ?? []))
            child.Send(new SystemMessage.Suspend());
        if (_parent is null)
            System.GuardianFailed(cause);
        else
            _parent.Send(new SystemMessage.Failed(this, cause, during));
    }

    private void OnSuspend()
    {
        _mailbox.Suspend();
        SendToChildren(() => new SystemMessage.Suspend());
    }

    private void OnResume(bool afterFailure)
    {
        if (_terminating)
            return;
        if (afterFailure && _actor is null)
        {
            // There is no instance to go on with: its constructor failed.
            OnRecreate(new ActorInitializationException($"{Path} was told to resume before it had started."));
            return;
        }
        if (afterFailure)
            _failed = false;
        _mailbox.Resume();
        SendToChildren(() => new SystemMessage.Resume(afterFailure: false));
    }

    private void OnRecreate(Exception cause)
    {
        if (_terminating)
            return;
        if (_actor is not null)
        {
            try
            {
                _actor.Restarting(cause, _failedOn);
            }
            catch (Exception error)
            {
                MessagingTelemetry.ActorHookFailed(System.Logger, Path, "PreRestart", error);
            }
            ReleaseInstance();
        }
        if (AnyChildIsEnding)
            _recreateWhenChildrenEnded = cause;
        else
            FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        _recreateWhenChildrenEnded = null;
        _failed = false;
        _failedOn = null;
        var survivors = ChildCells();
        _mailbox.Resume();
        try
        {
            Construct();
            _actor!.Restarted(cause);
        }
        catch (Exception error)
        {
            ReleaseInstance();
            Fail(AsInitializationFailure(error), "restart", survivors);
            return;
        }
        foreach (var survivor in survivors)
            survivor.Send(new SystemMessage.Recreate(cause));
    }

    private void OnTerminate()
    {
        if (_terminating)
            return;
        _terminating = true;
        _recreateWhenChildrenEnded = null;
        _mailbox.Suspend();
        Timers.CancelAll();
        CancelStopping();
        StopAllChildren();
        if (!HasChildren)
            FinishTerminate();
    }

    private void FinishTerminate()
    {
        try
        {
            _actor?.Stopped();
        }
        catch (Exception error)
        {
            MessagingTelemetry.ActorHookFailed(System.Logger, Path, "PostStop", error);
        }
        Stash.BuryAll();
        ReleaseInstance();
        CloseMailbox();
        _parent?.Send(new SystemMessage.DeathWatchNotification(this));
        TellWatchers();
        UnwatchAll();
        if (_parent is null)
            System.GuardianTerminated();
    }

    private void CloseMailbox()
    {
        _mailbox.Close();
        while (_mailbox.TryDequeue(out SystemMessage? left))
        {
            if (left is SystemMessage.Watch watch)
                watch.Watcher.Send(new SystemMessage.DeathWatchNotification(this));
            else if (left is SystemMessage.Unwatch unwatch)
                OnUnwatch(unwatch.Watcher);
        }
        BuryAll();
    }

    /// <summary>Nothing that the old instance set going in time reaches the next one; what it had put aside does.</summary>
    private void ReleaseInstance()
    {
        Timers.CancelAll();
        Timers = new TimerScheduler(this);
        Stash.UnstashAll();
        CancelStopping();
        _stopping = null;
        try
        {
            (_actor as IDisposable)?.Dispose();
        }
        catch (Exception error)
        {
            MessagingTelemetry.ActorHookFailed(System.Logger, Path, "Dispose", error);
        }
        _actor = null;
    }

    private void CancelStopping()
    {
        try
        {
            _stopping?.Cancel();
        }
        catch (AggregateException error)
        {
            MessagingTelemetry.ActorHookFailed(System.Logger, Path, "a callback of Stopping", error);
        }
    }

    private ActorInitializationException AsInitializationFailure(Exception error) => error as ActorInitializationException
        ?? new ActorInitializationException($"{Path}: {_props.ActorType.Name} could not be started: {error.Message}", error);
}
