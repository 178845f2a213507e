using System.Collections.Immutable;
using System.Data.Common;
using Cells.Compute.Hosts;
using Cells.Compute.Nodes;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Compute.Pools;

/// <summary>
/// Owns one pool: its sessions, the coordinator's address, the cache of its objects, its hosts' actors and health. Takes the pool over, keeps the
/// connection, and tells the observer what the pool shows. It changes nothing but the pool's mark: its hosts' actors do, through the
/// <see cref="PoolHandle"/>.
/// </summary>
internal sealed partial class PoolActor : ReceiveActor
{
    // The stream answers at least this often, so a dead coordinator is noticed within the call's own time-out on top of it.
    private static readonly TimeSpan EventWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EventTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryRefused = TimeSpan.FromSeconds(60);

    // Taking over: how often the older owner's tasks are looked at, and how long tasks that only look like its own are waited for.
    private static readonly TimeSpan FenceLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UnknownTaskPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan TickEach = TimeSpan.FromSeconds(1);

    private readonly PoolConfig _config;
    private readonly PoolWorld _world;
    private readonly IActorRef _observer;
    private readonly Func<HostInfo, PoolHandle, Props> _hostActor;
    private readonly OwnPool _own;
    private readonly long _started;

    // What was begun by a former life of this actor still arrives after a restart; it is not this one's.
    private readonly object _life = new();

    private ImmutableSortedSet<XenRef<XenTask>> _olderTasks = [];
    private PoolOwner? _owner;
    private PoolHandle? _handle;
    private PoolLink? _link;
    private PoolCache? _cache;
    private OutsideUsage? _outside;
    private string _token = "";
    private long _generation;
    private int _failures;
    private TimeSpan? _fencing;
    private TimeSpan _compared;
    private PoolStatusChanged _told;
    private bool _up;

    /// <param name="observer">Told what the pool shows: <see cref="PoolShown"/> first, then each change.</param>
    /// <param name="hostActor">Makes the actor of a host, a child of this one.</param>
    public PoolActor(PoolConfig config, PoolWorld world, IActorRef observer, Func<HostInfo, PoolHandle, Props> hostActor)
    {
        (_config, _world, _observer, _hostActor) = (config, world, observer, hostActor);
        _own = new OwnPool(config, world);
        _told = new PoolStatusChanged(config.Name, null, PoolStatus.Connecting, "starting");
        _started = world.Time.GetTimestamp();

        Receive<Piped>(m =>
        {
            if (m.Life == _life)
                Receive(m.Message);
        });
        Receive<Connect>(_ => BeginConnecting());
        Receive<Taken>(m => OnTaken(m.Owner, m.Members));
        Receive<Connected>(m => OnConnected(m.Link));
        Receive<Fence>(_ => BeginFencing());
        Receive<FenceLooked>(m => OnFenceLooked(m.Link, m.Look));
        Receive<ReadAll>(m => OnReadAll(m.Link, m.Batch));
        Receive<Batch>(m => OnBatch(m.Link, m.Events));
        Receive<LinkBroken>(m => OnBroken(m.Generation, m.Cause));
        Receive<SessionEnded>(m => OnSessionEnded(m));

        Receive<AwaitTask>(OnAwaitTask);
        Receive<AwaitToken>(OnAwaitToken);
        Receive<TaskRead>(OnTaskRead);
        Receive<LookAtTasks>(_ => ReadUnseenTasks());

        Receive<Tick>(_ => OnTick());
        Receive<HostAnswered>(OnHostAnswered);
        Receive<AskHealth>(OnAskHealth);
        Receive<ShowAgain>(_ => OnShowAgain());
    }

    private TimeSpan Now => _world.Time.GetElapsedTime(_started);

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TickEach);
        Timers.StartPeriodicTimer(nameof(LookAtTasks), LookAtTasks.Instance, TimeSpan.FromSeconds(5));
        Tell(_told);
        BeginConnecting();
    }

    // The next owner, or this one's next life, ends the sessions: they are on record.
    protected override void PostStop() => _handle?.Show(null, "its owner has ended");

    private void BeginConnecting()
    {
        if (_owner is null)
            Pipe(TakeAsync(Stopping), taken => taken, error => new LinkBroken(_generation, error));
        else
            Pipe(
                _own.ConnectAsync(_owner, ++_generation, KnownAddresses(), Stopping),
                link => new Connected(link),
                error => new LinkBroken(_generation, error));
    }

    private async Task<Taken> TakeAsync(CancellationToken stop)
    {
        var owner = await _own.TakeAsync(stop);
        return new Taken(owner, await ReadPools.MembersAsync(_world.Database, owner.Pool, stop));
    }

    private void OnTaken(PoolOwner owner, IReadOnlyList<KnownMember> members)
    {
        PoolTelemetry.Taken(_world.Logger, _config.Name, owner.Pool, owner.Epoch);
        _owner = owner;
        if (_world.PlannedFor is not null)
            _observer.Tell(new PoolTaken(_config.Name, owner));
        _handle = new PoolHandle(_config.Name, owner, Self, _world.Time);
        foreach (var member in members)
            Remember(member);
        BeginConnecting();
    }

    private void OnConnected(PoolLink link)
    {
        _link = link;
        _fencing = null;
        BeginFencing();
    }

    private void BeginFencing()
    {
        if (_link is not { } link)
            return;
        _fencing ??= Now;
        var knownOnly = Now - _fencing > UnknownTaskPatience;
        Pipe(
            _own.FenceAsync(link, _olderTasks, knownOnly, Stopping),
            look => new FenceLooked(link, look),
            error => new LinkBroken(link.Generation, error));
    }

    private void OnFenceLooked(PoolLink link, FenceLook look)
    {
        if (link != _link)
            return;
        _olderTasks = look.Known;
        if (look.Pending.Count > 0)
        {
            PoolTelemetry.WaitingForTasks(_world.Logger, _config.Name, look.Pending.Count);
            Timers.StartSingleTimer(nameof(Fence), Fence.Instance, FenceLook);
            return;
        }
        if (Now - _fencing > UnknownTaskPatience)
            PoolTelemetry.UnknownTasksLeft(_world.Logger, _config.Name, UnknownTaskPatience);
        _olderTasks = [];
        Pipe(MarkAndReadAsync(link, Stopping), batch => new ReadAll(link, batch), error => new LinkBroken(link.Generation, error));
    }

    private async Task<XenEventBatch> MarkAndReadAsync(PoolLink link, CancellationToken stop)
    {
        await _own.MarkAsync(link, stop);
        return await OwnPool.ReadAllAsync(link, stop);
    }

    private void OnReadAll(PoolLink link, XenEventBatch batch)
    {
        if (link != _link)
            return;
        var cache = batch.Events.Aggregate(PoolCache.Empty(link.Owner.Pool, link.Calls.Address), (soFar, e) => soFar.On(e));
        var shown = cache.ShowAll(link.Owner.Epoch);
        var isAgain = _up;
        (_cache, _token, _outside, _failures, _compared) = (cache, batch.Token, shown.Outside, 0, Now);
        _handle!.Show(cache);
        _handle.Show(link, "");
        _up = true;
        if (isAgain)
            PoolTelemetry.Compared(_world.Logger, _config.Name, shown.Hosts.Count, shown.Vms.Count);
        else
            PoolTelemetry.Connected(_world.Logger, _config.Name, link.Calls.Address.ToString(), shown.Hosts.Count, shown.Vms.Count);
        _observer.Tell(shown);
        MeetHosts(shown.Hosts);
        if (isAgain)
        {
            AnswerTasks(batch.Events);
            AnswerTokens();
        }
        else
        {
            Tell(new PoolStatusChanged(_config.Name, link.Owner.Pool, PoolStatus.Ready, Connection(link)));
        }
        NextEvents(link);
    }

    /// <summary>The observer begins anew, with nothing of what it was told; the connection goes on.</summary>
    private void OnShowAgain()
    {
        if (_owner is not { } owner)
        {
            _observer.Tell(_told);                                  // not taken yet: why not is all that there is to tell
            return;
        }
        _observer.Tell(new PoolTaken(_config.Name, owner));
        ShowHealth();
        if (_up)
        {
            var shown = _cache!.ShowAll(owner.Epoch);
            _observer.Tell(shown);
        }
        // Also while it is not connected: its hosts' actors live on, and nobody else says who they are.
        foreach (var host in Context.Children)
            host.Tell(ShowAgain.Instance);
        _observer.Tell(new PoolStatusChanged(
            _config.Name, owner.Pool, _up ? PoolStatus.Ready : PoolStatus.Connecting, _up ? Connection(_link!) : "connecting"));
    }

    private static string Connection(PoolLink link) => string.Join("; ", [$"connected to {link.Calls.Address}", .. link.Problems]);

    /// <summary>The next changes; or, when that is due, everything there is: a stream that left something out would not be noticed otherwise.</summary>
    private void NextEvents(PoolLink link)
    {
        if (Now - _compared < _world.ComparedEach)
            AwaitEvents(link);
        else
            Pipe(OwnPool.ReadAllAsync(link, Stopping), batch => new ReadAll(link, batch), error => new LinkBroken(link.Generation, error));
    }

    private void AwaitEvents(PoolLink link) => Pipe(
        link.Events.CallAsync(XenEvents.From(PoolCache.Classes, _token, EventWait) with { Timeout = EventTimeout }, Stopping),
        batch => new Batch(link, batch),
        error => new LinkBroken(link.Generation, error));

    private void OnBatch(PoolLink link, XenEventBatch batch)
    {
        if (link != _link)
            return;
        var before = _cache!;
        var after = batch.Events.Aggregate(before, (soFar, e) => soFar.On(e));
        (_cache, _token) = (after, batch.Token);
        _handle!.Show(after);
        foreach (var message in ShowChanges.Between(before, after, batch.Events))
        {
            _observer.Tell(message);
            MeetHost(message);
        }
        if (!ReferenceEquals(before.Vms, after.Vms) || !ReferenceEquals(before.Vdis, after.Vdis))
            ShowOutside(after);
        AnswerTasks(batch.Events);
        AnswerTokens();
        NextEvents(link);
    }

    private void ShowOutside(PoolCache cache)
    {
        var outside = cache.Outside();
        if (outside.Equals(_outside))
            return;
        _outside = outside;
        _observer.Tell(outside);
    }

    /// <summary>A call found its session ended: the event stream may not have noticed yet.</summary>
    private void OnSessionEnded(SessionEnded m)
    {
        if (m.Generation == _link?.Generation && _up)
            OnBroken(m.Generation, new XenApiUnreachable(m.Reason));
    }

    private void OnBroken(long generation, Exception cause)
    {
        if (generation != _generation || Timers.IsTimerActive(nameof(Connect)))
            return;
        switch (cause)
        {
            case OperationCanceledException:
                return;                                             // this actor is ending
            case PoolFencedException fenced:
                Disconnect(fenced.Message);
                PoolTelemetry.Fenced(_world.Logger, _config.Name, fenced.Message);
                Tell(new PoolStatusChanged(_config.Name, _owner?.Pool, PoolStatus.Fenced, fenced.Message));
                Context.Stop(Self);
                return;
            case PoolRefusedException refused:
                Disconnect(refused.Message);
                PoolTelemetry.Refused(_world.Logger, refused.Message, RetryRefused);
                Tell(new PoolStatusChanged(_config.Name, _owner?.Pool, PoolStatus.Refused, refused.Message));
                Timers.StartSingleTimer(nameof(Connect), Connect.Instance, RetryRefused);
                return;
            case XenApiException or PoolDatabaseException or DbException:
                Retry(cause.Message);
                return;
            default:
                throw new InvalidOperationException($"Pool '{_config.Name}': connecting failed in a way nobody expected.", cause);
        }
    }

    private void Retry(string reason)
    {
        var (wasUp, isFirst) = (_up, _failures == 0);
        Disconnect(reason);
        var delay = NextDelay();
        if (wasUp)
        {
            PoolTelemetry.Lost(_world.Logger, _config.Name, reason);
            Tell(new PoolStatusChanged(_config.Name, _owner?.Pool, PoolStatus.Connecting, reason));
        }
        else if (isFirst)
        {
            PoolTelemetry.NotReached(_world.Logger, _config.Name, reason);
        }
        else
        {
            PoolTelemetry.StillLost(_world.Logger, _config.Name, reason, delay);
            if (reason != _told.Reason)
                Tell(new PoolStatusChanged(_config.Name, _owner?.Pool, PoolStatus.Connecting, reason));
        }
        Timers.StartSingleTimer(nameof(Connect), Connect.Instance, delay);
    }

    private void Disconnect(string reason)
    {
        (_link, _up, _fencing) = (null, false, null);
        _handle?.Show(null, reason);
        Timers.Cancel(nameof(Fence));
        GiveUpWaiting(reason);
    }

    /// <summary>Doubled each time up to the longest, and spread over its upper half: the pools of a cell do not come back all at once.</summary>
    private TimeSpan NextDelay()
    {
        var full = FirstRetry * Math.Pow(2, Math.Min(_failures++, 10));
        var bounded = full < LongestRetry ? full : LongestRetry;
        Span<byte> chance = stackalloc byte[1];
        _world.Ids.Fill(chance);
        return bounded * (0.5 + 0.5 * chance[0] / byte.MaxValue);
    }

    /// <summary>The coordinator as last known, then every member: after a change of coordinator any of them names the new one.</summary>
    private List<HostAddress> KnownAddresses() =>
        [.. _cache is null ? [] : new[] { _cache.Coordinator }, .. _members.Values.Select(m => m.Address)];

    private void Pipe<T>(Task<T> work, Func<T, object> success, Func<Exception, object> failure) =>
        PipeToSelf(work, result => new Piped(_life, success(result)), error => new Piped(_life, failure(error)));

    private void Tell(PoolStatusChanged status)
    {
        _told = status;
        _observer.Tell(status);
        foreach (var host in Context.Children)
            host.Tell(status);
    }

    /// <summary>Asked by the handle: when has this task ended?</summary>
    internal sealed record AwaitTask(long Generation, XenRef<XenTask> Task);

    internal sealed record TaskEnded(XenTask Task);

    /// <summary>Asked by the handle: has the stream come to this token?</summary>
    internal sealed record AwaitToken(long Generation, string Token);

    internal sealed record TokenReached;

    /// <summary>Told by the handle: a call's session is no longer known to the host.</summary>
    internal sealed record SessionEnded(long Generation, string Reason);

    private sealed record Piped(object Life, object Message);

    private sealed record Taken(PoolOwner Owner, IReadOnlyList<KnownMember> Members);

    private sealed record Connected(PoolLink Link);

    private sealed record FenceLooked(PoolLink Link, FenceLook Look);

    private sealed record ReadAll(PoolLink Link, XenEventBatch Batch);

    private sealed record Batch(PoolLink Link, XenEventBatch Events);

    private sealed record LinkBroken(long Generation, Exception Cause);

    private sealed record TaskRead(PoolLink Link, XenRef<XenTask> Ref, XenTask? Task, Exception? Error);

    private sealed record HostAnswered(HostId Host, bool Heard);

    private sealed record Connect
    {
        public static readonly Connect Instance = new();
    }

    private sealed record Fence
    {
        public static readonly Fence Instance = new();
    }

    private sealed record LookAtTasks
    {
        public static readonly LookAtTasks Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
