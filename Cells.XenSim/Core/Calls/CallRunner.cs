using System.Globalization;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Wire;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core.Calls;

/// <summary>Takes calls in, checks them in the order a host does, runs them, and answers.</summary>
internal sealed class CallRunner(SimPool pool)
{
    /// <summary>xapi's limit of an RPC body.</summary>
    public const int BodyLimit = 300 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(2);
    private readonly AnswerWriter _writer = new();
    private readonly List<Call> _live = [];
    private bool _released;

    /// <summary>Calls that are neither answered nor cancelled: working, waiting or parked.</summary>
    public IReadOnlyList<Call> Live => _live;

    public void Receive(SimCall request)
    {
        var host = pool.Host(request.Host);
        if (!host.Answers)
        {
            pool.Answer(SimAnswer.Lost(request.Id));
            return;
        }
        if (request.Body.Length > BodyLimit)
        {
            pool.Answer(SimAnswer.Html(request.Id, 413, "Request entity too large"));
            return;
        }
        if (Envelope.Read(request.Body) is not { } envelope)
        {
            pool.Answer(SimAnswer.Html(request.Id, 500, "Internal Server Error"));
            return;
        }
        try
        {
            Dispatch(host, request.Id, envelope);
        }
        catch (XapiFailure failure)
        {
            pool.Answer(SimAnswer.Json(request.Id, _writer.Failure(envelope, failure)));
        }
    }

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
            call.Over = true;
            if (call.Pending is { } pending && effectStillHappens())
            {
                try
                {
                    pending();
                    call.Release(undo: false);
                }
                catch (XapiFailure)
                {
                    call.Release(undo: true);   // it would have failed, and nobody is left to be told
                }
            }
            else
            {
                call.Release(undo: true);
            }
            if (!call.IsAsync)
            {
                if (call.Task is not null) pool.Tasks.Remove(call.Task);
                pool.Answer(SimAnswer.Lost(call.RequestId));
            }
        }
        _live.Clear();
    }

    private void Dispatch(SimHost host, long requestId, Envelope envelope)
    {
        if (host != pool.Coordinator)
            throw new XapiFailure("HOST_IS_SLAVE", pool.Coordinator.Shape.Address);

        var isAsync = envelope.Method.StartsWith("Async.", StringComparison.Ordinal);
        var name = isAsync ? envelope.Method[6..] : envelope.Method;
        if (name.StartsWith("system.isAlive", StringComparison.Ordinal)) name = "system.isAlive";
        if (MethodTable.Instance.Find(name) is not { } method || (isAsync && name.Contains('_', StringComparison.Ordinal) && method.Name != name))
            throw Unknown(envelope);
        if (isAsync && !method.Definition.HasAsync)
            throw new XapiFailure("Fault", $"No async mode for this operation ({name})");
        CheckCount(method, envelope);

        var call = new Call(pool, host, requestId, envelope, method, isAsync)
        {
            Session = method.Definition.TakesSession ? pool.Sessions.Check(envelope.Params[0]) : null,
            Fate = pool.Faults.Match(host.Name, envelope.Method, method.Name),
        };
        if (call.Fate is { Kind: FaultKind.DropRequest })
        {
            pool.Answer(SimAnswer.Lost(requestId));
            return;
        }
        if (call.Fate is { Kind: FaultKind.Hang }) return;
        if (call.Fate is { Kind: FaultKind.Fail } fate && (!isAsync || fate.Method == envelope.Method))
            throw new XapiFailure(fate.Code, fate.Parameters);

        if (method.Handler is null) throw new XapiFailure("NOT_IMPLEMENTED", method.Name);
        call.Args = Arguments(method, envelope);
        if (method.Mutates && call.Session is not null) pool.Sessions.CountMutation(call.Session, method.Name);
        call.Latency = pool.Latency.Draw(method.Name, pool.Chance);
        _live.Add(call);
        if (isAsync)
        {
            pool.EnsureTask(call);
            if (call.Fate is { Kind: FaultKind.LoseAnswer }) pool.Answer(SimAnswer.Lost(requestId));
            else if (call.Fate is not { Kind: FaultKind.HangAfterEffect })
                pool.Answer(SimAnswer.Json(requestId, _writer.Success(envelope, TaskRef, call.Task!.Ref)));
        }
        if (call.Latency <= TimeSpan.Zero || method.Works)
        {
            Run(call);
            return;
        }
        // Whatever could be asked for asynchronously shows a task while it runs, also when it was not.
        if (method.Definition.HasAsync) pool.EnsureTask(call);
        Continue(call, new Step.After(call.Latency, () => Handle(call)));
    }

    private static readonly XapiType TaskRef = XapiType.Parse("task ref");

    private XapiFailure Unknown(Envelope envelope)
    {
        // With parameters the session is looked at before the name is tried as a host extension.
        if (envelope.Params.Count > 0) pool.Sessions.Check(envelope.Params[0]);
        return XapiFailure.MethodUnknown(envelope.Method);
    }

    private static void CheckCount(Method method, Envelope envelope)
    {
        var sessions = method.Definition.TakesSession ? 1 : 0;
        var received = envelope.Params.Count - sessions;
        var all = method.Definition.Params.Count;
        var hasOptional = method.Mandatory < all;
        if (received == all || (hasOptional && received >= method.Mandatory)) return;
        throw new XapiFailure("MESSAGE_PARAMETER_COUNT_MISMATCH", envelope.Method,
            method.Mandatory.ToString(CultureInfo.InvariantCulture), Math.Max(0, received).ToString(CultureInfo.InvariantCulture));
    }

    private static object?[] Arguments(Method method, Envelope envelope)
    {
        var parameters = method.Definition.Params;
        var arguments = new object?[parameters.Count];
        var offset = method.Definition.TakesSession ? 1 : 0;
        for (var i = 0; i < arguments.Length; i++)
            arguments[i] = i + offset < envelope.Params.Count
                ? ArgumentReader.Read(parameters[i].Type, envelope.Params[i + offset], parameters[i].Name)
                : parameters[i].Default;
        return arguments;
    }

    private void Run(Call call) => Attempt(call, () => Handle(call));

    // A failing fault that hit an asynchronous call by its plain name fails inside the task.
    private static Step Handle(Call call) => call.Fate is { Kind: FaultKind.Fail } fate
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
        if (call.HasWaited) return;
        call.HasWaited = true;
        pool.After(LongestWait, () =>
        {
            if (!call.Over && call.WaitsFor is not null) Finish(call, null, busy);
        });
    }

    private void Finish(Call call, object? value, XapiFailure? failure)
    {
        call.Over = true;
        _released |= call.Held.Count > 0;
        call.Release(undo: failure is not null);
        _live.Remove(call);
        if (call.IsAsync)
        {
            pool.Tasks.End(call.Task!, value, failure);
            return;
        }
        if (call.Task is not null) pool.Tasks.Remove(call.Task);
        if (call.Fate is { Kind: FaultKind.HangAfterEffect }) return;
        if (call.Fate is { Kind: FaultKind.LoseAnswer })
        {
            pool.Answer(SimAnswer.Lost(call.RequestId));
            return;
        }
        pool.Answer(SimAnswer.Json(call.RequestId, failure is null
            ? _writer.Success(call.Envelope, call.Method.Definition.Result, value)
            : _writer.Failure(call.Envelope, failure)));
    }
}
