using System.Text.Json;
using Cells.Api.Dispatch;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>
/// Server actions (Nova API 2.1). An accepted one is one change: the next intent, its row in the server's log, its place in the dispatch, and the message to
/// the next cell. Free of HTTP: a stepped world calls it as the listener does.
/// </summary>
public sealed class NovaActions
{
    private readonly NovaServers _servers;
    private readonly EvacuationGuard _evacuation;
    private readonly BootImages _images;
    private readonly ServerStore _store;
    private readonly IServerDispatch _dispatch;
    private readonly ICommitter _committer;
    private readonly TimeProvider _time;
    private readonly HomeOptions _options;
    private readonly NovaQuestions _questions;
    private readonly NovaSnapshots _snapshots;
    private readonly FlavorStore _flavors;
    private readonly QuotaStore _quotas;
    private readonly IIdSource _ids;

    internal NovaActions(
        NovaServers servers, NovaQuestions questions, NovaSnapshots snapshots, BootImages images, ServerStore store, FlavorStore flavors, QuotaStore quotas,
        SeenFleet fleet, IServerDispatch dispatch, ICommitter committer, TimeProvider time, IIdSource ids, HomeOptions options)
    {
        (_servers, _questions, _snapshots, _images, _store, _flavors, _quotas) = (servers, questions, snapshots, images, store, flavors, quotas);
        (_dispatch, _committer, _time, _ids, _options) = (dispatch, committer, time, ids, options);
        _evacuation = new EvacuationGuard(fleet);
    }

    /// <summary>POST /servers/{id}/action: 202 once the intent and its command are committed; 409 when the server's state does not take it.</summary>
    public async Task<ApiResult> ActAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (NovaQuestions.ConsoleIn(body) is { } console)
            return await _questions.ConsoleAsync(caller, id, console, stop);
        if (AskedSnapshot.IsIn(body))
            return AskedSnapshot.Read(body, out var wrong) is { } snapshot ? await _snapshots.CreateAsync(caller, id, snapshot, stop) : wrong!;
        var asked = AskedAction.Read(body, caller.Version, out var refusal);
        if (asked is not null)
            return await ActAsync(caller, id, asked, stop);
        // A server that is not there comes before an action that is not there.
        return refusal!.Status == 501
            ? await Unavailable.GuardAsync(async () => await _store.FindAsync(caller, id, stop) is null ? ServerAccess.NoSuchServer(id) : refusal)
            : refusal;
    }

    /// <summary>The same, already read.</summary>
    public Task<ApiResult> ActAsync(RequestContext caller, string id, AskedAction asked, CancellationToken stop) => asked.Action switch
    {
        InstanceAction.Delete => _servers.ForceDeleteAsync(caller, id, stop),
        InstanceAction.Lock or InstanceAction.Unlock => Unavailable.GuardAsync(() => LockOnceAsync(caller, id, asked, stop)),
        _ => Unavailable.GuardAsync(() => ActOnceAsync(caller, id, asked, stop)),
    };

    private async Task<ApiResult> ActOnceAsync(RequestContext caller, string id, AskedAction asked, CancellationToken stop)
    {
        if (!caller.MayChange || ((asked.Action is InstanceAction.ResetState or InstanceAction.Evacuate || MoveActions.IsForAdmins(asked.Action)) && !caller.IsAdmin))
            return ServerAccess.NotAllowed(asked.Action.RequestName());
        return await Attempts.RunAsync(async () =>
        {
            if (await _store.FindAsync(caller, id, stop) is not { } server)
                return ServerAccess.NoSuchServer(id);
            var verdict = InstanceLifecycle.Judge(asked.Action, server.Intent.Id, server.Guarded(caller));
            if (verdict.Refusal is { } refused)
                return ApiResult.Conflict(refused);
            if (server.Intent.Desired == Desired.Deleted)
                return ApiResult.Conflict($"Cannot '{asked.Action.RequestName()}' instance {id} while it is in task_state deleting");
            if (asked.Action == InstanceAction.Evacuate && await _evacuation.RefuseAsync(server.Observed, asked.Host, stop) is { } held)
                return held;
            var (move, notThere) = await MoveAsync(caller, server, asked, stop);
            if (notThere is not null)
                return notThere;
            var (image, wrong) = await _images.ForAsync(caller, server.Intent, asked, stop);
            if (wrong is not null)
                return wrong;
            var outcome = await AcceptAsync(caller, server.Intent, asked, verdict.Task, move, image, stop);
            if (outcome is DispatchOutcome.NotHeld)
                return ApiResult.Conflict($"Instance {id} is not ready");
            if (outcome.IsCommitted())
                return await _servers.AcceptedAsync(caller, id, asked, stop);
            return outcome is DispatchOutcome.Ended { Outcome: CommitOutcome.Missed missed } && missed.Writes.Any(w => w is ChargeQuota or ChargeUser)
                ? await OverQuotaAsync(server.Intent, move!.Charge!, stop)
                : outcome.Refusal();
        }, $"Server {id} changed with every attempt; nothing was done.");
    }

    private Task<DispatchOutcome> AcceptAsync(
        RequestContext caller, InstanceIntent server, AskedAction asked, TaskState task, PlannedMove? move, ImageSpec? image, CancellationToken stop)
    {
        var now = NovaServers.Microseconds(_time.GetUtcNow());
        var intent = new AcceptAction(server.Id, server.Number + 1, task, server.Lock, caller.RequestId, now, now + _options.IntentTerm);
        return _dispatch.ActAsync(
            new ActOnInstance(server.Id, 0, intent.Number, server.Project, caller.User, caller.RequestId, asked.Action, asked.ResetTo, image)
            {
                Flavor = asked.Action == InstanceAction.Resize ? move!.Ordered : null, Host = asked.Host,
            },
            [
                .. MoveWrites(caller, server, asked, intent.Number, move, now),
                asked.Rebuild is { } rebuild ? new AcceptRebuild(intent, rebuild, image!) : intent,
                new InsertAction(new ServerAction(server.Id, caller.RequestId, asked.Action, intent.Number, server.Project, caller.User, now, null)),
            ],
            intent.Deadline, caller.TraceParent, stop);
    }

    /// <summary>What a resize orders, and what a migration is written down with; nothing for any other action.</summary>
    private async Task<(PlannedMove? Move, ApiResult? Refusal)> MoveAsync(RequestContext caller, Server server, AskedAction asked, CancellationToken stop)
    {
        var own = server.Intent.Flavor;
        if (asked.Action is InstanceAction.Migrate or InstanceAction.LiveMigrate)
            return (new PlannedMove(own, null, server.View.HostName), null);
        if (asked.FlavorRef is not { } flavorRef)
            return (null, null);
        var ordered = await _flavors.FindAsync(flavorRef, stop);
        if (MoveActions.Refusal(caller, own, ordered, flavorRef) is { } refusal)
            return (null, refusal);
        var flavor = ordered!.Flavor with { ExtraSpecs = ordered.ExtraSpecs.Count == 0 ? null : ordered.ExtraSpecs };
        return (new PlannedMove(flavor, MoveActions.Beyond(own, flavor), server.View.HostName), null);
    }

    private IEnumerable<IWrite> MoveWrites(RequestContext caller, InstanceIntent server, AskedAction asked, long intent, PlannedMove? move, DateTimeOffset now)
    {
        if (move is null)
            yield break;
        if (move.Charge is { } charge)
        {
            yield return new LockProject(server.Project);
            // What gets smaller is never refused, however much the project has.
            if (charge is { Cores: > 0 } or { RamMib: > 0 })
            {
                yield return new ChargeQuota(server.Project, charge, 0);
                yield return new ChargeUser(server.Project, server.User, charge);
            }
        }
        yield return new InsertMigration(
            _ids.NewGuid(), server.Id, intent, MoveActions.TypeOf(asked.Action), server.Project, caller.User, server.Flavor, move.Charge is null ? server.Flavor : move.Ordered, move.SourceHost, now);
    }

    private async Task<ApiResult> OverQuotaAsync(InstanceIntent server, QuotaUsage asked, CancellationToken stop)
    {
        var (whole, own) = (await _quotas.StandingAsync(server.Project, stop), await _quotas.UserStandingAsync(server.Project, server.User, stop));
        return OverQuota.ResizeRefusal(whole, asked) ?? OverQuota.ResizeRefusal(own, asked)
            ?? ApiResult.Unavailable("The project's quota changed while the resize was judged; nothing was done.", Unavailable.RetryAfter);
    }

    /// <param name="Ordered">The flavor that it is to have.</param>
    /// <param name="Charge">What it counts beyond what it has; null for a migration.</param>
    private sealed record PlannedMove(Flavor Ordered, QuotaUsage? Charge, string? SourceHost);

    /// <summary>
    /// A lock is the home's own: no cell below hears of it. An owner's lock of what is locked already changes nothing, and is 202 all the same, as in Nova;
    /// what an admin has locked only an admin unlocks.
    /// </summary>
    private async Task<ApiResult> LockOnceAsync(RequestContext caller, string id, AskedAction asked, CancellationToken stop)
    {
        if (!caller.MayChange)
            return ServerAccess.NotAllowed($"os-lock-server:{asked.Action.RequestName()}");
        return await Attempts.RunAsync(async () =>
        {
            if (await _store.FindAsync(caller, id, stop) is not { Intent: var server })
                return ServerAccess.NoSuchServer(id);
            if (server.Desired == Desired.Deleted)
                return ApiResult.Conflict($"Cannot '{asked.Action.RequestName()}' instance {id} while it is in task_state deleting");
            if (asked.Action == InstanceAction.Unlock && server.Lock is { ByAdmin: true } && !caller.IsAdmin)
                return ServerAccess.NotAllowed("os-lock-server:unlock:unlock_override");
            var isOwner = server.Project == caller.Project;
            var now = NovaServers.Microseconds(_time.GetUtcNow());
            var after = asked.Action == InstanceAction.Unlock ? null
                : isOwner && server.Lock is { } kept ? kept
                : new ServerLock(!isOwner, asked.LockedReason);
            var done = new ActionEnd(ActionOutcome.Done, null, null, now, now);
            return await _committer.TakeAsync(
                new SetLock(server.Id, server.Lock, after, now),
                new InsertAction(new ServerAction(server.Id, caller.RequestId, asked.Action, null, server.Project, caller.User, now, done))) is null
                ? ApiResult.Empty(202)
                : null;
        }, $"Server {id} changed with every attempt; nothing was done.");
    }
}
