using System.Diagnostics;
using Cells.Compute.Instances;
using Cells.Compute.Nodes;
using Cells.Compute.Pools;
using Cells.Compute.Questions;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Hosts;

/// <summary>
/// The queue of one host: performs the steps that the placer's committed rows stand at, a few at a time, over its pool's session, and says how each
/// ended. It decides nothing about an instance and keeps nothing that must last: the placer asks again for whatever has a row.
/// </summary>
internal sealed partial class HostActor : ReceiveActor
{
    // A lost answer is looked for soon, a host that is away is not pestered.
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(200), LongestWait = TimeSpan.FromSeconds(15);

    private readonly HostInfo _info;
    private readonly PoolHandle _pool;
    private readonly HostSetup _setup;
    private readonly HostPlaces _places;
    private readonly SortedDictionary<Guid, Run> _runs = [];
    private bool _connected;
    private bool? _isHeard;                                     // null: not known
    private long _arrivals;

    public HostActor(HostInfo info, PoolHandle pool, HostSetup setup)
    {
        (_info, _pool, _setup) = (info, pool, setup);
        _places = new HostPlaces(setup.StepsAtATime, setup.TransfersAtATime);
        Receive<PoolStatusChanged>(m => OnStatus(m.Status));
        Receive<PerformStep>(OnPerform);
        Receive<StepPerformed>(OnPerformed);
        Receive<WaitOver>(m => OnWaitOver(m.Instance));
        Receive<DestroyLeftover>(m => Destroy(m.Uuid, m.PerformAsync));
        Receive<FindUnfinishedClones>(_ => _setup.Placer.Tell(new UnfinishedClonesFound(_pool.Owner, _pool.Cache is { } cache ? UnfinishedClones.In(cache) : []), Self));
        Receive<TakeNewVms>(OnTakeNewVms);
        Receive<DestroyClone>(m => Destroy(m.Disk, m.PerformAsync));
        Receive<AnswerQuestion>(OnQuestion);
        Receive<QuestionAnswered>(m => _setup.Placer.Tell(m, Self));
        Receive<LeftoverDone>(m =>
        {
            if (m.Error is { } error)
                ComputeTelemetry.LeftoverStays(_setup.Logger, m.Uuid, error.Message);
        });
        Receive<ShowAgain>(_ => Attach());
        Receive<HostHealthChanged>(m => _isHeard = m.Health.Status switch    // the placer is told too, and decides by it
        {
            HostStatus.Up or HostStatus.Maintenance => true,
            HostStatus.Down => false,
            _ => null,
        });
    }

    protected override void PreStart()
    {
        Attach();
        Parent.Tell(new AskHealth(_info.Host), Self);           // it may have been judged before this actor was made
        if (_pool.IsConnected)
            OnStatus(PoolStatus.Ready);
    }

    private void Attach() => _setup.Placer.Tell(new HostAttached(_info.Host, _pool.Owner, Self), Self);

    protected override void PostStop() => _setup.Placer.Tell(new HostDetached(_info.Host, _pool.Owner, Self), Self);

    private void OnStatus(PoolStatus status)
    {
        _connected = status == PoolStatus.Ready;
        if (!_connected)
            return;
        foreach (var run in _runs.Values)
            (run.MaybeDone, run.Waiting) = (true, false);       // whatever the former session began is asked of the host first
        StartRuns();
    }

    private void OnPerform(PerformStep m)
    {
        if (_runs.TryGetValue(m.Row.Id.Value, out var run))
        {
            if (m.Row.Epoch < run.Row.Epoch || (m.Row.Epoch == run.Row.Epoch && m.Row.Generation <= run.Row.Generation))
                return;                                         // asked again, as the placer does from time to time
            if (run.Busy)
                run.Follow(m);                                  // after the step under way: one call per instance at a time
            else
                _runs[m.Row.Id.Value] = new Run(m.Row, m.MaybeDone, run.Arrival) { TraceParent = m.TraceParent, SecondIsDown = m.SecondIsDown };
        }
        else
            _runs[m.Row.Id.Value] = new Run(m.Row, m.MaybeDone, _arrivals++) { TraceParent = m.TraceParent, SecondIsDown = m.SecondIsDown };
        StartRuns();
    }

    /// <summary>Deletes go first, they make room; then what is nearest to its end, so that builds finish one after the other.</summary>
    private void StartRuns()
    {
        if (!_connected || _setup.StepsAtATime == 0)
            return;
        var ready = _runs.Values
            .Where(r => r is { Busy: false, Waiting: false } && _places.HasRoomFor(Steps.At(r.Work)))
            .OrderByDescending(r => r.Work.Workflow == WorkflowKind.Delete).ThenByDescending(r => r.Work.Step).ThenBy(r => r.Arrival)
            .ToList();
        foreach (var run in ready)
        {
            var step = Steps.At(run.Work);
            if (!_places.HasRoomFor(step))
                continue;
            if (ContextOf(run) is not { } context)
            {
                WaitFor(run, "the pool does not show the host of its place");
                continue;
            }
            run.Busy = true;
            _places.Take(step);
            var id = run.Row.Id;
            if (Traces.On)
                run.Span = Traces.Begin($"step {Steps.NameOf(run.Work)}", ActivityKind.Internal, run.TraceParent)?
                    .SetTag("cells.instance", id.ToString()).SetTag("cells.host", _info.Host.ToString());
            PipeToSelf(
                Traces.Within(run.Span, () => RunStep.PerformAsync(context, run.MaybeDone, run.Begin(Stopping))),
                outcome => new StepPerformed(id, outcome, null),
                error => new StepPerformed(id, new StepOutcome.Unknown(error.Message), error));
        }
    }

    private void OnPerformed(StepPerformed m)
    {
        if (!_runs.TryGetValue(m.Instance.Value, out var run) || !run.Busy)
            return;                                             // of an earlier life of this actor: its rows are performed again, probing
        run.Busy = false;
        run.End();
        Traces.End(run.Span, m.Outcome switch
        {
            StepOutcome.Refused refused => refused.Code,
            StepOutcome.Unknown => "the outcome is not known",
            _ => null,
        });
        run.Span = null;
        _places.Leave(Steps.At(run.Work));
        if (m.Error is not null and not OperationCanceledException)
            ComputeTelemetry.StepBroke(_setup.Logger, m.Error, m.Instance, Steps.NameOf(run.Work), _info.Host);

        if (m.Outcome is StepOutcome.Done done && run.Next is null && Steps.JoinedTo(run.Work) is not null)
            run.GoOn(done);
        else if (m.Outcome is not (StepOutcome.Unknown or StepOutcome.Later))
        {
            _runs.Remove(m.Instance.Value);
            _setup.Placer.Tell(new StepEnded(StepKey.Of(run.Committed), run.Passed, m.Outcome, _pool.Owner), Self);
            if (run.Next is { } next)
                OnPerform(next with { MaybeDone = true });
        }
        else if (run.Next is { } next)
            _runs[m.Instance.Value] = new Run(next.Row, true, run.Arrival) { TraceParent = next.TraceParent, SecondIsDown = next.SecondIsDown };
        else if (m.Outcome is StepOutcome.Later later)
            LookAgain(run, later.After);
        else
            WaitFor(run, ((StepOutcome.Unknown)m.Outcome).Reason);
        StartRuns();
    }

    private void LookAgain(Run run, TimeSpan after)
    {
        run.Waiting = true;
        run.MaybeDone = true;
        Timers.StartSingleTimer(run.Row.Id, new WaitOver(run.Row.Id), after);
    }

    private void WaitFor(Run run, string reason)
    {
        var wait = TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, FirstWait.Ticks << Math.Min(run.Failures, 10)));
        run.Failures++;
        if (run.Failures is 1 or 10)
            ComputeTelemetry.StepUnknown(_setup.Logger, run.Row.Id, Steps.NameOf(run.Work), _info.Host, reason);
        LookAgain(run, wait);
    }

    private void OnWaitOver(InstanceId instance)
    {
        if (_runs.TryGetValue(instance.Value, out var run))
            run.Waiting = false;
        StartRuns();
    }

    private StepContext? ContextOf(Run run)
    {
        if (_pool.Cache is not { } cache || run.Row.Place is not { } place)
            return null;
        var (host, needsHost) = (cache.FindHost(place.Host)?.Key, Steps.NeedsOf(run.Work).HasFlag(Needs.Host));
        var target = TargetOf(run.Row, cache);
        if (needsHost && host is null)
            return null;
        var networks = host is { } known ? NetworkKeys.Of(cache, known) : new SortedDictionary<string, XenRef<Network>>(StringComparer.Ordinal);
        return new StepContext(
            run.Row, _pool.Owner, _pool, host ?? XenRef<XenApi.Host>.Null, cache.FindSr(place.Sr)?.Key ?? XenRef<Sr>.Null, networks, _setup.Images,
            run.Awaited, _setup.Time.GetUtcNow(), _setup.GuestPatience)
        {
            Target = target,
            HostIsHeard = place.Host == _info.Host ? _isHeard : false,   // another's step is done here only when its host has left the pool: nobody asks that one any more
            SecondIsDown = run.SecondIsDown,
            Said = run.Said,
        };
    }

    private static TargetRefs? TargetOf(Instance row, PoolCache cache) =>
        (row.Destination ?? row.Origin) is { Place: var there } && cache.FindHost(there.Host) is { } host && cache.FindSr(there.Sr) is { } sr
            ? new TargetRefs(host.Key, sr.Key, NetworkKeys.Of(cache, host.Key))
            : null;

    /// <summary>What comes of it the pool shows; unless it does, it is asked again.</summary>
    private void OnTakeNewVms(TakeNewVms m)
    {
        if (_connected && _pool.Cache?.FindHost(_info.Host) is { } host)
            PipeToSelf(
                _pool.CallAsync(m.Takes ? XenApi.Host.Enable(host.Key) : XenApi.Host.Disable(host.Key), Stopping),
                () => new LeftoverDone(_info.Host.Value, null), error => new LeftoverDone(_info.Host.Value, error));
    }

    private void Destroy(Guid leftover, Func<IPoolCalls, CancellationToken, Task> perform)
    {
        if (_connected)
            PipeToSelf(perform(_pool, Stopping), () => new LeftoverDone(leftover, null), error => new LeftoverDone(leftover, error));
    }

    private sealed record LeftoverDone(Guid Uuid, Exception? Error);

    private sealed record StepPerformed(InstanceId Instance, StepOutcome Outcome, Exception? Error);

    private sealed record WaitOver(InstanceId Instance);

    /// <summary>One instance's step here, and those that follow it in the same commit.</summary>
    private sealed class Run(Instance row, bool maybeDone, long arrival)
    {
        private readonly List<StepOutcome.Done> _passed = [];
        private CancellationTokenSource? _cut;

        public Instance Committed { get; } = row;

        /// <summary>As the step under way finds it.</summary>
        public Instance Row { get; private set; } = row;

        public Work Work => Row.Work!;
        public IReadOnlyList<StepOutcome.Done> Passed => _passed;
        public long Arrival { get; } = arrival;
        public Awaited Awaited { get; } = new();
        public HostSaid Said { get; private set; } = new();
        public bool SecondIsDown { get; init; }
        public bool MaybeDone { get; set; } = maybeDone;
        public bool Busy { get; set; }
        public bool Waiting { get; set; }
        public int Failures { get; set; }
        public PerformStep? Next { get; private set; }
        public string? TraceParent { get; init; }
        public Activity? Span { get; set; }

        /// <summary>What is performed after the step under way. A delete cuts short what may be cut.</summary>
        public void Follow(PerformStep next)
        {
            Next = next;
            if (next.Row.Work?.Workflow == WorkflowKind.Delete && Steps.At(Work).MayBeCut)
                _cut?.Cancel();
        }

        /// <summary>Ends when the actor does, or when the step is cut.</summary>
        public CancellationToken Begin(CancellationToken stopping)
        {
            if (!Steps.At(Work).MayBeCut)
                return stopping;
            _cut = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            return _cut.Token;
        }

        public void End()
        {
            _cut?.Dispose();
            _cut = null;
        }

        /// <summary>To the joined step. One that was begun afresh has begun nothing behind it; one that may have been done may have been followed by it.</summary>
        public void GoOn(StepOutcome.Done done)
        {
            _passed.Add(done);
            Row = AdvanceWorkflow.Pass(Row, done);
            Awaited.Forget();
            Said = new HostSaid();
            Failures = 0;
        }
    }
}

/// <summary>What every host's actor is made with.</summary>
/// <param name="StepsAtATime">Steps performed on one host at once (xenopsd itself has 4 workers, XenAPI figures).</param>
/// <param name="TransfersAtATime">The same of those that move a disk or memory; they count here only.</param>
/// <param name="GuestPatience">How long a guest may take to shut itself down.</param>
internal sealed record HostSetup(IActorRef Placer, Images.IImageCache Images, int StepsAtATime, int TransfersAtATime, TimeProvider Time, TimeSpan GuestPatience, ILogger Logger);

/// <summary>From the placer: perform the step this committed row stands at.</summary>
/// <param name="MaybeDone">It may have been begun before: the host is asked first.</param>
internal sealed record PerformStep(Instance Row, bool MaybeDone)
{
    /// <summary>W3C trace context of the request that the step is done for; null when nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The host of its second place is down or gone, as far as the placer knows; absent, it may be there.</summary>
    public bool SecondIsDown { get; init; }
}

/// <summary>From the placer: the hypervisor itself is to take new VMs, or none. Twice is harmless.</summary>
internal sealed record TakeNewVms(bool Takes);

/// <summary>To the placer: this host's actor works under that assignment from now on.</summary>
internal sealed record HostAttached(HostId Host, PoolOwner Owner, IActorRef Actor);

/// <summary>To the placer: it does not any more.</summary>
internal sealed record HostDetached(HostId Host, PoolOwner Owner, IActorRef Actor);
