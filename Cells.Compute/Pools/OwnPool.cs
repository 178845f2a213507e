using System.Collections.Immutable;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Compute.Pools;

/// <summary>
/// How a node becomes a pool's owner, step by step; each step may be repeated. The order is the fence: raise the epoch, record the session, end
/// every older one, see its work ended, and only then read and change.
/// </summary>
/// <remarks>Awaits only the wire, the database and the committer. Times are the caller's: nothing here waits for a clock.</remarks>
internal sealed class OwnPool(PoolConfig config, PoolWorld world)
{
    /// <summary>A pool carries it in other_config: who manages it. Its value is cell uuid/cell name.</summary>
    public const string MarkKey = "cells-cell";

    private const int MaxRedirects = 3;

    private static readonly TimeSpan FullReadTimeout = TimeSpan.FromMinutes(2);

    // A session made by one cell is counted against that cell's limit at the host.
    private readonly string _originator = $"cells/{world.CellUuid:D}";

    /// <summary>Raises the assignment's epoch: from here on no former owner can record a session or write a row.</summary>
    public async Task<PoolOwner> TakeAsync(CancellationToken stop)
    {
        var known = await ReadPools.ByNameAsync(world.Database, config.Name, stop) ?? await DiscoverAsync(stop);
        await CommitAsync(new TakePool(known.Id, world.Node, known.Epoch, world.PlannedFor));
        return new PoolOwner(known.Id, known.Epoch + 1);
    }

    /// <summary>Finds the coordinator, logs in twice and records both sessions before either is used.</summary>
    /// <param name="candidates">Where to ask first: addresses learnt from the pool itself; then the configured ones are asked.</param>
    /// <exception cref="PoolFencedException">Another owner has the pool.</exception>
    /// <exception cref="PoolRefusedException">The address shows another pool, or the login was refused.</exception>
    public async Task<PoolLink> ConnectAsync(PoolOwner owner, long generation, IReadOnlyList<HostAddress> candidates, CancellationToken stop)
    {
        var (calls, (reference, _), problems) = await EnterAsync([.. candidates, .. config.Addresses], owner.Pool, stop);
        var callsRecord = await RecordAsync(calls, owner, stop);
        var events = await XenApiClient.LoginAsync(world.Wires.Open(calls.Address), config.Credentials, _originator, stop);
        var eventsRecord = await RecordAsync(events, owner, stop);
        return new PoolLink(generation, owner, calls, events, reference, new SortedSet<Guid> { callsRecord, eventsRecord }) { Problems = problems };
    }

    /// <summary>
    /// Ends every other recorded session of the pool and sees to what it left running. Our own of an earlier connection just end: our workflows ask
    /// for what those began.
    /// </summary>
    /// <param name="known">
    /// Tasks known from earlier looks to be older owners'; they are cancelled and waited for. The caller keeps them, because a session that has ended
    /// does not tell its tasks.
    /// </param>
    /// <param name="knownOnly">
    /// Other tasks of calls like ours have been waited for long enough: those still there are not an older owner's last call, which was under way
    /// when its session ended.
    /// </param>
    public async Task<FenceLook> FenceAsync(PoolLink link, ImmutableSortedSet<XenRef<XenTask>> known, bool knownOnly, CancellationToken stop)
    {
        var others = (await ReadPools.SessionsAsync(world.Database, link.Owner.Pool, stop)).Where(s => !link.Records.Contains(s.Id)).ToList();
        if (others.Exists(o => o.Epoch > link.Owner.Epoch))
            throw new PoolFencedException($"Pool '{config.Name}' has a later owner: nothing of it is ours to end.");
        foreach (var other in others)
        {
            var reference = world.Vault.Open(other.Sealed, link.Owner.Pool, other.Id) ?? throw new PoolRefusedException(
                $"A session of an earlier owner of pool '{config.Name}' was sealed with another key, so it cannot be ended. Restore the cell's key file; or, when surely no other process manages this pool, delete row {other.Id} of pool_session.");
            if (other.Epoch < link.Owner.Epoch)
                known = known.Union(await TasksOfAsync(link.Calls, reference, stop));
            await XenApiClient.LogoutAsync(link.Calls.For(reference), stop);
        }
        var pending = others.Exists(o => o.Epoch < link.Owner.Epoch) ? await PendingAsync(link, known, knownOnly, stop) : [];
        if (pending.Count == 0)
        {
            foreach (var other in others)
                await CommitAsync(new ForgetSession(other.Id, link.Owner));
        }
        return new FenceLook(known, pending);
    }

    /// <summary>Marks the pool as this cell's. The mark is the only change made before the full read.</summary>
    /// <exception cref="PoolRefusedException">Another cell manages it.</exception>
    public async Task MarkAsync(PoolLink link, CancellationToken stop)
    {
        var (reference, pool) = await PoolAtAsync(link.Calls, stop);
        if (IsOurs(pool))
            return;
        try
        {
            await link.Calls.CallAsync(Pool.AddToOtherConfig(reference, MarkKey, $"{world.CellUuid:D}/{world.Cell}"), stop);
        }
        catch (XenApiFailure taken) when (taken.Code == "MAP_DUPLICATE_KEY")
        {
            // Somebody marked it since it was read: now the mark is there to be judged.
            if (!IsOurs((await PoolAtAsync(link.Calls, stop)).Pool))
                throw new PoolRefusedException($"The mark of pool '{config.Name}' was taken away while it was read.");
        }
    }

    /// <summary>Everything there is, as one consistent answer, and the token from which the stream goes on.</summary>
    public static Task<XenEventBatch> ReadAllAsync(PoolLink link, CancellationToken stop) =>
        link.Events.CallAsync(XenEvents.From(PoolCache.Classes, token: "", wait: TimeSpan.Zero) with { Timeout = FullReadTimeout }, stop);

    /// <summary>A pool seen for the first time: a session of its own reads who it is and ends, before there is an epoch to record it under.</summary>
    private async Task<KnownPool> DiscoverAsync(CancellationToken stop)
    {
        var (session, (_, pool), _) = await EnterAsync(config.Addresses, null, stop);
        await XenApiClient.LogoutAsync(session, stop);
        await CommitAsync(new RegisterPool(new PoolId(pool.Uuid), config.Name));
        return await ReadPools.ByNameAsync(world.Database, config.Name, stop)
            ?? throw new InvalidOperationException($"Pool '{config.Name}' was registered as {pool.Uuid} and is not found under its name.");
    }

    /// <summary>
    /// A session with the pool's coordinator, by the first address that leads there. What is wrong with one address is remembered and the others are
    /// asked: a member that was moved to another pool must not keep this one from being managed.
    /// </summary>
    /// <param name="expected">Null: whichever pool answers.</param>
    /// <exception cref="PoolRefusedException">No address leads there, and at least one says why in a way that retrying does not mend.</exception>
    /// <exception cref="XenApiException">None answers.</exception>
    private async Task<(XapiSession Session, (XenRef<Pool> Reference, Pool Record) Pool, IReadOnlyList<string> Problems)> EnterAsync(
        IReadOnlyList<HostAddress> candidates, PoolId? expected, CancellationToken stop)
    {
        XenApiException? last = null;
        var problems = new List<string>();
        var silent = new HashSet<HostAddress>();                    // asked once a round: each may cost its time-out
        foreach (var candidate in candidates.Distinct())
        {
            try
            {
                var session = await LogInFollowingAsync(candidate, silent, stop);
                if (await LeadsToAsync(session, expected, stop) is { } pool)
                    return (session, pool, problems);
                problems.Add($"{candidate} belongs to another pool now");
            }
            catch (XenApiFailure refused) when (refused.Code is "SESSION_AUTHENTICATION_FAILED" or "RBAC_PERMISSION_DENIED")
            {
                problems.Add($"{candidate} refused the login as {config.Credentials.User} ({refused.Code})");
            }
            catch (XenApiException unreachable)
            {
                last = unreachable;                                 // another member may know the coordinator
            }
        }
        if (problems.Count > 0)
            throw new PoolRefusedException(
                $"Pool '{config.Name}'{(expected is { } wanted ? $" ({wanted})" : "")} is not found: {string.Join("; ", problems)}{(last is null ? "" : $"; {last.Message}")}. "
                + "Check its credentials and addresses in the configuration; if it was built anew, give it a new name there.");
        throw last ?? throw new PoolRefusedException($"Pool '{config.Name}' has no address in the configuration.");
    }

    /// <summary>Null, and the session has ended, when it is with another pool. Reading who one talks to is all that is done before a session is on record.</summary>
    private static async Task<(XenRef<Pool> Reference, Pool Record)?> LeadsToAsync(XapiSession session, PoolId? expected, CancellationToken stop)
    {
        var leads = false;
        try
        {
            var found = await PoolAtAsync(session, stop);
            leads = expected is null || found.Pool.Uuid == expected.Value.Value;
            return leads ? found : null;
        }
        finally
        {
            if (!leads)
                await XenApiClient.LogoutAsync(session, stop);
        }
    }

    /// <summary>Any member names the coordinator; after a change of coordinator that may take more than one step.</summary>
    private async Task<XapiSession> LogInFollowingAsync(HostAddress address, HashSet<HostAddress> silent, CancellationToken stop)
    {
        for (var redirects = 0; ; redirects++)
        {
            if (silent.Contains(address))
                throw new XenApiUnreachable($"{address}, the coordinator by its members' word, does not answer");
            try
            {
                return await XenApiClient.LoginAsync(world.Wires.Open(address), config.Credentials, _originator, stop);
            }
            catch (XenApiFailure slave) when (slave.Kind == FailureKind.Redirect && slave.Parameters.Count > 0 && redirects < MaxRedirects)
            {
                address = Coordinator(address, slave);
            }
            catch (XenApiUnreachable)
            {
                silent.Add(address);
                throw;
            }
        }
    }

    private static HostAddress Coordinator(HostAddress member, XenApiFailure slave)
    {
        try
        {
            return member.At(slave.Parameters[0]);
        }
        catch (FormatException malformed)
        {
            throw new XenApiUnreachable($"{member} names '{slave.Parameters[0]}' as its coordinator, which is no address", malformed);
        }
    }

    private async Task<Guid> RecordAsync(XapiSession session, PoolOwner owner, CancellationToken stop)
    {
        var id = world.Ids.NewGuid();
        try
        {
            await CommitAsync(new RecordSession(id, owner, world.Vault.Seal(session.Reference, owner.Pool, id)));
        }
        catch (Exception lost) when (lost is PoolFencedException or PoolDatabaseException)
        {
            await XenApiClient.LogoutAsync(session, stop);          // it was never used: nobody needs to know of it
            throw;
        }
        return id;
    }

    private static async Task<IReadOnlyList<XenRef<XenTask>>> TasksOfAsync(XapiSession session, XenRef<Session> older, CancellationToken stop)
    {
        try
        {
            return await session.CallAsync(Session.GetTasks(older), stop);
        }
        catch (XenApiFailure gone) when (gone.Code == "HANDLE_INVALID")
        {
            return [];                                              // it has ended already
        }
    }

    /// <summary>
    /// Known tasks of older owners, which are cancelled, and any other pending task of a call that we make: it may have been begun between the last
    /// look at the session and its end.
    /// </summary>
    private static async Task<IReadOnlyList<XenRef<XenTask>>> PendingAsync(
        PoolLink link, ImmutableSortedSet<XenRef<XenTask>> known, bool knownOnly, CancellationToken stop)
    {
        var tasks = await link.Calls.CallAsync(XenTask.GetAllRecords(), stop);
        var pending = new List<XenRef<XenTask>>();
        foreach (var (reference, task) in tasks.Where(t => !t.Value.HasEnded && (known.Contains(t.Key) || (!knownOnly && IsOfOurCalls(t.Value)))).OrderBy(t => t.Key))
        {
            if (known.Contains(reference) && task.Status == XenTaskStatus.Pending)
                await CancelAsync(link.Calls, reference, stop);
            pending.Add(reference);
        }
        return pending;
    }

    private static async Task CancelAsync(XapiSession session, XenRef<XenTask> task, CancellationToken stop)
    {
        try
        {
            await session.CallAsync(XenTask.Cancel(task), stop);
        }
        catch (XenApiFailure no) when (no.Code is "HANDLE_INVALID" or "OPERATION_NOT_ALLOWED")
        {
            // It has ended, or cannot be cancelled: then it is waited for.
        }
    }

    private static bool IsOfOurCalls(XenTask task) =>
        XenCalls.Changing.Contains(task.NameLabel.StartsWith("Async.", StringComparison.Ordinal) ? task.NameLabel["Async.".Length..] : task.NameLabel);

    private bool IsOurs(Pool pool)
    {
        if (!pool.OtherConfig.TryGetValue(MarkKey, out var mark))
            return false;
        return mark.Split('/')[0] == world.CellUuid.ToString("D")
            ? true
            : throw new PoolRefusedException(
                $"Pool '{config.Name}' ({pool.Uuid}) is managed by cell {mark}. Remove it from that cell first; when that cell is gone for good, remove the mark with: xe pool-param-remove uuid={pool.Uuid} param-name=other-config param-key={MarkKey}");
    }

    private static async Task<(XenRef<Pool> Reference, Pool Pool)> PoolAtAsync(XapiSession session, CancellationToken stop)
    {
        var pools = await session.CallAsync(Pool.GetAllRecords(), stop);
        return pools.Count == 1
            ? (pools[0].Key, pools[0].Value)
            : throw new XenApiUnreachable($"{session.Address} shows {pools.Count} pools where a coordinator has one");
    }

    private async Task CommitAsync(IWrite write)
    {
        switch (await world.Committer.CommitAsync(new Change(write)))
        {
            case CommitOutcome.Missed:
                throw new PoolFencedException($"Pool '{config.Name}' has another owner now: {write.Kind} was not written.");
            case CommitOutcome.Unavailable unavailable:
                throw new PoolDatabaseException($"Pool '{config.Name}': {write.Kind} could not be written ({unavailable.Reason}).");
        }
    }
}

/// <param name="Known">Tasks of older owners, ended ones included.</param>
/// <param name="Pending">What is still pending and may be an older owner's work; empty when the way is free.</param>
internal sealed record FenceLook(ImmutableSortedSet<XenRef<XenTask>> Known, IReadOnlyList<XenRef<XenTask>> Pending);

/// <summary>This owner's epoch is no longer current: it must not act on the pool any more.</summary>
internal sealed class PoolFencedException(string message) : Exception(message);

/// <summary>The pool may not or cannot be managed as configured; the message says what to do. Retrying alone will not help.</summary>
internal sealed class PoolRefusedException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The cell's database did not take a write of the owner; nothing was written.</summary>
internal sealed class PoolDatabaseException(string message) : Exception(message);
