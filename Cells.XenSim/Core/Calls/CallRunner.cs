using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Wire;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core.Calls;

/// <summary>Runs calls: their steps, their waiting for busy objects, their end and answer.</summary>
internal sealed class CallRunner(SimPool pool)
{
    private static readonly XapiType TaskRef = XapiType.Parse("task ref");
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(2);
    private readonly AnswerWriter _writer = new();

    // Calls that are neither answered nor cancelled: working, waiting or parked.
    private readonly List<Call> _live = [];
    private bool _released;

    /// <summary>Runs a call that has passed the door; an asynchronous one is answered with its task first.</summary>
    public void Start(Call call)
    {
        _live.Add(call);
        if (call.IsAsync)
        {
            pool.EnsureTask(call);
            if (call.Fate is { Kind: FaultKind.LoseAnswer }) pool.Answer(SimAnswer.Lost(call.RequestId));
            else if (call.Fate is not { Kind: FaultKind.HangAfterEffect })
                pool.Answer(_writer.Success(call.RequestId, call.Envelope, TaskRef, call.Task!.Ref));
        }
        if (call.Latency <= TimeSpan.Zero || call.Method.Works)
        {
            Run(call);
            return;
        }
        // Whatever could be asked for asynchronously shows a task while it runs, also when it was not.
        if (call.Method.Definition.HasAsync) pool.EnsureTask(call);
        Continue(call, new Step.After(call.Latency, () => Handle(call)));
    }

    /// <summary>Answers a call that was refused before it began.</summary>
    public void Refuse(long requestId, Envelope envelope, XapiFailure failure) =>
        pool.Answer(_writer.Failure(requestId, envelope, failure));

    /// <summary>A host in emergency mode answers every request in one shape, whatever it was.</summary>
    public void RefuseInEmergency(long requestId, Envelope envelope, XapiFailure failure) => pool.Answer(_writer.Emergency(requestId, envelope, failure));

    /// <summary>Ends a call from outside: an event poll answered, a task cancelled.</summary>
    public void Complete(Call call, object? value) => Finish(call, value, null);

    public void Fail(Call call, XapiFailure failure)
    {
        if (!call.Over) Finish(call, null, failure);
    }

    public Call? OfTask(string taskRef) => _live.FirstOrDefault(c => c.Task?.Ref == taskRef);

    public void Cancel(Call call) => Fail(call, new XapiFailure("TASK_CANCELLED", call.Task?.Ref ?? ""));

    /// <summary>Objects were released: every call that waited for one checks again, in the order of arrival.</summary>
    public void RetryWaiting()
    {
        while (_released)
        {
            _released = false;
            foreach (var call in _live.Where(c => c.WaitsFor is not null).ToList())
            {
                if (call.Over) continue;
                call.WaitsFor = null;
                Run(call);
            }
        }
    }

    /// <summary>The toolstack dies: every connection breaks; work under way was either done by the hypervisor already or is lost.</summary>
    public void Abandon(Func<bool> effectStillHappens)
    {
        foreach (var call in _live.ToList())
        {
            BreakOff(call, effectStillHappens);
            if (!call.IsAsync)
            {
                if (call.Task is not null) pool.Tasks.Remove(call.Task);
                pool.Answer(SimAnswer.Lost(call.RequestId));
            }
        }
        _live.Clear();
    }

    /// <summary>The network is cut: callers lose their connections, and the work goes on. Event polls have ended.</summary>
    public void BreakConnections()
    {
        foreach (var call in _live.Where(c => !c.IsAsync))
        {
            call.Unheard = true;
            pool.Answer(SimAnswer.Lost(call.RequestId));
        }
        _live.RemoveAll(c => c.Over);
    }

    /// <summary>A member falls silent: whatever it was doing for the coordinator fails there, done or not.</summary>
    public void LoseHost(SimHost host, Func<bool> effectStillHappens)
    {
        foreach (var call in _live.Where(c => c.IsAt(host)).ToList())
        {
            BreakOff(call, effectStillHappens);
            _released = true;
            Finish(call, null, XapiFailure.OutOfReach(pool.Database, host.Record));
        }
    }

    /// <summary>Nothing more is scheduled for the call; its objects are free, with or without the effect that was under way.</summary>
    private static void BreakOff(Call call, Func<bool> effectStillHappens)
    {
        call.Over = true;
        call.WaitLimit?.Cancel();
        var done = call.Pending is not null && effectStillHappens();
        if (done)
        {
            try
            {
                call.Pending!();
            }
            catch (XapiFailure)
            {
                done = false;   // it would have failed, and nobody is left to be told
            }
        }
        call.Release(undo: !done);
    }

    private void Run(Call call) => Attempt(call, () => Handle(call));

    // A failing fault that hit an asynchronous call by its plain name fails inside the task.
    private static Step Handle(Call call) => call.Fate is { } fate && (fate.Kind == FaultKind.Fail || (fate.Kind == FaultKind.FailHalfway && !call.Method.Works))
        ? throw new XapiFailure(fate.Code, fate.Parameters)
        : call.Method.Handler!(call);

    private void Attempt(Call call, Func<Step> step)
    {
        try
        {
            Continue(call, step());
        }
        catch (ObjectBusy busy)
        {
            WaitFor(call, busy);
        }
        catch (XapiFailure failure)
        {
            Finish(call, null, failure);
        }
    }

    private void Continue(Call call, Step step)
    {
        switch (step)
        {
            case Step.Done done:
                Finish(call, done.Value, null);
                break;
            case Step.After after:
                call.Pending = after.Then;
                pool.After(after.Delay, () =>
                {
                    if (call.Over) return;
                    call.Pending = null;
                    Attempt(call, after.Then);
                });
                break;
        }
    }

    private void WaitFor(Call call, ObjectBusy busy)
    {
        pool.EnsureTask(call);
        call.WaitsFor = busy.BusyRef;
        if (call.WaitLimit is not null) return;
        call.WaitLimit = pool.After(LongestWait, () =>
        {
            if (call.WaitsFor is not null) Finish(call, null, busy);
        });
    }

    private void Finish(Call call, object? value, XapiFailure? failure)
    {
        call.Over = true;
        call.WaitLimit?.Cancel();
        _released |= call.Held.Count > 0;
        call.Release(undo: failure is not null);
        _live.Remove(call);
        if (call.IsAsync)
        {
            pool.Tasks.End(call.Task!, value, failure);
            return;
        }
        if (call.Task is not null) pool.Tasks.Remove(call.Task);
        if (call.Unheard || call.Fate is { Kind: FaultKind.HangAfterEffect }) return;
        if (call.Fate is { Kind: FaultKind.LoseAnswer })
        {
            pool.Answer(SimAnswer.Lost(call.RequestId));
            return;
        }
        pool.Answer(failure is null
            ? _writer.Success(call.RequestId, call.Envelope, call.Method.Definition.Result, value)
            : _writer.Failure(call.RequestId, call.Envelope, failure));
    }
}
