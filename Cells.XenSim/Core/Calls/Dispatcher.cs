using System.Globalization;
using Cells.XenSim.Core.Wire;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core.Calls;

/// <summary>The door of a host: reads requests, checks them in the order a host does, and hands them on to be run.</summary>
internal sealed class Dispatcher(SimPool pool)
{
    /// <summary>xapi's limit of an RPC body.</summary>
    public const int BodyLimit = 300 * 1024;

    public void Receive(SimCall request)
    {
        if (pool.Find(request.Host) is not { Answers: true } host)
        {
            pool.Answer(SimAnswer.Lost(request.Id));
            return;
        }
        if (request.Body.Length > BodyLimit)
        {
            pool.Answer(SimAnswer.Html(request.Id, 413, "Request entity too large"));
            return;
        }
        if ((request.IsXml ? XmlRpcRequest.Read(request.Body) : Envelope.Read(request.Body)) is not { } envelope)
        {
            pool.Answer(SimAnswer.Html(request.Id, 500, "Internal Server Error"));
            return;
        }
        if (pool.Members.IsInEmergency(host) && !MemberCalls.InEmergency.Contains(envelope.Method))
        {
            pool.Calls.RefuseInEmergency(request.Id, envelope, new XapiFailure("HOST_STILL_BOOTING"));
            return;
        }
        try
        {
            Dispatch(host, request.Id, envelope);
        }
        catch (XapiFailure failure)
        {
            pool.Calls.Refuse(request.Id, envelope, failure);
        }
    }

    private void Dispatch(SimHost host, long requestId, Envelope envelope)
    {
        var isAsync = envelope.Method.StartsWith("Async.", StringComparison.Ordinal);
        var name = isAsync ? envelope.Method[6..] : envelope.Method;
        if (name.StartsWith("system.isAlive", StringComparison.Ordinal)) name = "system.isAlive";
        if (host != pool.Coordinator && !MemberCalls.Anywhere.Contains(name))
            throw new XapiFailure("HOST_IS_SLAVE", host.Follows!.Shape.Address);
        if (MethodTable.Instance.Find(name) is not { } method || (isAsync && name.Contains('_', StringComparison.Ordinal) && method.Name != name))
            throw Unknown(envelope);
        if (isAsync && !method.Definition.HasAsync)
            throw new XapiFailure("Fault", $"No async mode for this operation ({name})");
        CheckCount(method, envelope);

        var call = new Call(pool, host, requestId, envelope, method, isAsync)
        {
            Session = method.Definition.TakesSession && !MemberCalls.IsLocal(host, envelope) ? pool.Sessions.Check(envelope.Params[0]) : null,
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
        pool.Calls.Start(call);
    }

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
}
