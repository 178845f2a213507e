using System.Text.Json;
using Cells.Api.Dispatch;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>
/// What only a server's host can tell: its console log (Nova API 2.1, os-getConsoleOutput) and its diagnostics. Asked down the tree while the client waits;
/// nothing is kept, and a cell that does not answer costs nobody but the asker.
/// </summary>
public sealed class NovaQuestions
{
    internal const string ConsoleAction = "os-getConsoleOutput";

    private readonly ServerStore _store;
    private readonly IServerDispatch _dispatch;
    private readonly IIdSource _ids;

    internal NovaQuestions(ServerStore store, IServerDispatch dispatch, IIdSource ids) => (_store, _dispatch, _ids) = (store, dispatch, ids);

    /// <summary>The action's body; null when it asks for something else.</summary>
    internal static JsonElement? ConsoleIn(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.EnumerateObject().Take(2).ToList() is [{ Name: ConsoleAction } asked] ? asked.Value : null;

    /// <summary>200 with the last lines; 404 when the guest has none, 409 before it has a host, 501 where its host has no plugin for it, 503 when nobody answers.</summary>
    public Task<ApiResult> ConsoleAsync(RequestContext caller, string id, JsonElement asked, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        var problem = new Problem();
        var body = new BodyObject(asked, ConsoleAction, problem);
        var length = asked.ValueKind == JsonValueKind.Null ? null : body.Integer("length", -1, int.MaxValue);
        body.Close();
        if (asked.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object))
            problem.Note(ConsoleAction, "It is not of type 'object'");
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        if (!caller.MayChange)
            return ServerAccess.NotAllowed("os-console-output");
        // -1 is Nova's word for all of it.
        return await AskAsync(caller, id, InstanceQuestion.ConsoleLog, length is null or < 0 ? null : (int)length, "get_console_output", Output, stop);
    });

    /// <summary>200 with what the host shows; 409 unless the guest runs. Admins only, as in Nova.</summary>
    public Task<ApiResult> DiagnosticsAsync(RequestContext caller, string id, CancellationToken stop) => Unavailable.GuardAsync(async () =>
        caller.IsAdmin
            ? await AskAsync(caller, id, InstanceQuestion.Diagnostics, null, "get_diagnostics", told => Diagnostics(told, caller.Version), stop)
            : ServerAccess.NotAllowed("os-server-diagnostics"));

    private async Task<ApiResult> AskAsync(
        RequestContext caller, string id, InstanceQuestion about, int? lines, string method, Func<InstanceTold, ApiResult> show, CancellationToken stop)
    {
        if (await _store.FindAsync(caller, id, stop) is not { } server)
            return ServerAccess.NoSuchServer(id);
        if (server.View.HostName is null)
            return NotReady(id);
        var question = new AskInstance(server.Intent.Id, 0, _ids.NewGuid(), about, lines);
        return await _dispatch.AskAsync(question, caller.TraceParent, stop) switch
        {
            DispatchOutcome.Told { Answer: { Outcome: ToldOutcome.Told } told } => show(told),
            DispatchOutcome.Told { Answer: var answer } => Refusal(answer, id, method),
            DispatchOutcome.Silent silent => ApiResult.Unavailable(
                $"Timed out waiting for a reply: the cell that holds instance {id} has not answered within {silent.Waited.TotalSeconds:0} s.", TimeSpan.FromSeconds(5)),
            var not => not.Refusal() ?? NotReady(id),
        };
    }

    private static ApiResult Refusal(InstanceTold not, string id, string method) => not.Outcome switch
    {
        ToldOutcome.NoConsole => ApiResult.NotFound("Guest does not have a console available."),
        ToldOutcome.NotSupported => ApiResult.Refuse(501, not.Reason ?? $"The host of instance {id} cannot tell."),
        ToldOutcome.NotRunning => ApiResult.Conflict($"Cannot '{method}' instance {id} while it is in power_state {not.Reason}"),
        ToldOutcome.Away => ApiResult.Unavailable(not.Reason ?? $"The host of instance {id} does not answer.", TimeSpan.FromSeconds(5)),
        _ => NotReady(id),
    };

    private static ApiResult NotReady(string id) => ApiResult.Conflict($"Instance {id} is not ready");

    private static ApiResult Output(InstanceTold told) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteString("output", told.Console ?? "");
        w.WriteEndObject();
    });

    private static ApiResult Diagnostics(InstanceTold told, Microversion version)
    {
        var seen = told.Diagnostics ?? throw new InvalidOperationException($"The answer to question {told.Question} says that it holds diagnostics, and holds none.");
        return ApiResult.Ok(w =>
        {
            if (version.Has(48))
                ServerDiagnostics.WriteStandard(w, seen);
            else
                ServerDiagnostics.WriteDriverMap(w, seen);
        });
    }
}
