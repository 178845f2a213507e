using Cells.Compute.Hosts;
using Cells.Compute.Images;
using Cells.Compute.Nodes;
using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute;

/// <summary>Gets everything that the links bring, and passes it to whom it is for. Parent of the cell's other actors.</summary>
internal sealed class ComputeRouter : ReceiveActor
{
    private static readonly TimeSpan TakeBackAfter = TimeSpan.FromSeconds(15);

    private readonly CellRuntime _runtime;
    private readonly ComputeOptions _options;
    private readonly PoolWorld _world;
    private readonly IActorRef _placer;
    private readonly IActorRef _images;
    private readonly IActorRef _uploads;
    private readonly HostSetup _hosts;
    private readonly SortedDictionary<string, HostLogin> _pools = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _restarting = new(StringComparer.Ordinal);

    private readonly IActorRef? _nodes;

    /// <param name="hand">Where several nodes run the cell: this process's. The pools are the nodes' then.</param>
    public ComputeRouter(CellRuntime runtime, ComputeOptions options, IXapiWireFactory wires, PlacerSetup placer, ImageCacheSetup images, ComputeHand? hand)
    {
        (_runtime, _options) = (runtime, options);
        _world = new PoolWorld(
            runtime.Name, runtime.Id, runtime.Ids.NewGuid(), wires, runtime.Database, runtime.Committer, runtime.Ids, options.Sessions, runtime.Time,
            placer.Logger);
        _placer = Context.ActorOf(ComputeCell.PlacerProps(placer), "placer");
        if (hand is not null)
        {
            var nodes = new NodesSetup(
                runtime.Name, hand.Node, options, runtime.Committer, hand.Bus, hand.Wire, hand.Actor, _placer, Self, runtime.Time, placer.Logger);
            _nodes = Context.ActorOf(Props.Create(() => new NodesActor(nodes)).WithMailboxCapacity(HandSetup.Mailbox), "nodes");
        }
        _images = _nodes ?? Context.ActorOf(Props.Create(() => new ImageCacheActor(images)), "images");
        _uploads = _nodes ?? Context.ActorOf(Props.Create(() => new UploadTicketsActor(images)), "uploads");
        _hosts = new HostSetup(_placer, new ImageCache(_images, _uploads, images), options.StepsPerHost, options.TransfersPerHost, runtime.Time, options.GuestPatience, placer.Logger);

        Receive<WorkReceived>(OnWork);
        Receive<NeighbourChanged>(m => _placer.Tell(m, Sender));
        Receive<LinkReset>(OnReset);
        Receive<Settled>(OnSettled);
        Receive<Told>(OnTold);
        Receive<AnswerLeft>(OnAnswerLeft);
        Receive<PlacerRestarted>(_ =>
        {
            _nodes?.Tell(ShowAgain.Instance, Self);
            RestartPools();
        });
        Receive<AskTicket>(m => PipeToSelf(
            runtime.Committer.CommitAsync(m.Change(runtime.Name)),
            _ => new TicketAsked(),
            error => throw new InvalidOperationException("The committer gave no outcome for a ticket request.", error)));
        Receive<TicketAsked>(_ => { });                         // also when it was not written: it is asked for again
        Receive<Terminated>(OnTerminated);
        Receive<TakeBack>(m => StartPool(m.Pool, _pools[m.Pool]));
        Receive<InspectCell>(m => _placer.Tell(m, Sender));
        Receive<NewsReceived>(_ => { });                        // parents send none that a compute cell needs
    }

    protected override void PreStart()
    {
        if (_nodes is not null)
            return;
        foreach (var (login, index) in _options.Hosts.Select((l, i) => (l, i)))
        {
            var name = $"pool-{index + 1}";
            _pools[name] = login;
            StartPool(name, login);
        }
    }

    private void OnWork(WorkReceived m)
    {
        switch (m.Message)
        {
            case ConfigureHost other when other.Cell != _runtime.Name:
                Sender.Tell(new WorkFailed(m.Link, m.Number, $"What was said is of a host of cell '{other.Cell}'; this is '{_runtime.Name}'."), Self);
                break;
            case BuildInstance or DeleteInstance or ActOnInstance or AskInstance or ConfigureHost:
                _placer.Tell(m, Sender);
                return;                                         // the placer counts it when it is decided
            case ImageTicket ticket when ticket.Cell == _runtime.Name:
                (ticket.ToWrite ? _uploads : _images).Tell(ticket, Self);   // lost, it is asked for again: there is nothing to make durable
                Sender.Tell(new WorkDone(m.Link, m.Number), Self);
                break;
            case AskCell asked when asked.Cell == _runtime.Name:
                Answer(asked, m.Link);
                Sender.Tell(new WorkDone(m.Link, m.Number), Self);
                break;
            case ImageTicket other:
                Sender.Tell(new WorkFailed(m.Link, m.Number, $"The ticket is for cell '{other.Cell}'; this is '{_runtime.Name}'."), Self);
                break;
            default:
                Sender.Tell(new WorkFailed(m.Link, m.Number, $"A compute cell has no use for a {WireMessages.NameOf(m.Message)}."), Self);
                break;
        }
        _placer.Tell(new WorkCounted(m.Link, m.Incarnation, m.Number), Self);
    }

    /// <summary>About this cell's own links. An answer that cannot leave is not sent later: by then its asker has been told that nothing came.</summary>
    private void Answer(AskCell asked, CellName link) => PipeToSelf(
        CellAnswers.AnswerAsync(asked, _runtime.Links.Parked, Stopping),
        told => new Told(link, told),
        error => new Told(link, new CellTold(asked.Cell, asked.Question, asked.Way, error.Message)));

    private void OnTold(Told m) => PipeToSelf(
        _runtime.Committer.CommitAsync(new Change(new SendWork(m.Link, CellAnswers.KeyOf(m.Answer.Question), m.Answer, null))),
        outcome => new AnswerLeft(outcome),
        error => throw new InvalidOperationException($"The committer gave no outcome for the answer to question {m.Answer.Question}.", error));

    private void OnAnswerLeft(AnswerLeft m)
    {
        if (m.Outcome is CommitOutcome.Unavailable away)
            ComputeTelemetry.DatabaseAway(_world.Logger, _runtime.Name, away.Reason);
    }

    /// <summary>
    /// What the parent lost it drives again, command by command, and each is answered again; nothing here waits for an answer but image tickets,
    /// which are asked for again by themselves.
    /// </summary>
    private void OnReset(LinkReset m) => PipeToSelf(
        _runtime.Committer.CommitAsync(new Change(m.Settled)),
        outcome => new Settled(m, outcome),
        error => throw new InvalidOperationException($"The committer gave no outcome for the reset of link '{m.Link}'.", error));

    private void OnSettled(Settled m)
    {
        if (m.Outcome is CommitOutcome.Unavailable away)
            ComputeTelemetry.DatabaseAway(_world.Logger, _runtime.Name, away.Reason);   // the link tells again at the cell's next start
    }

    private void StartPool(string name, HostLogin login)
    {
        var config = new PoolConfig(login.Address.ToString(), [login.Address, .. login.Members], login.Credentials);
        Context.Watch(Context.ActorOf(
            Props.Create(() => new PoolActor(config, _world, _placer, (info, pool) => Props.Create(() => new HostActor(info, pool, _hosts)))), name));
    }

    private void RestartPools()
    {
        foreach (var name in _pools.Keys)
        {
            if (Context.Child(name).IsNobody())
                continue;                                       // it ended and is about to be taken back
            _restarting.Add(name);
            Context.Stop(Context.Child(name));
        }
    }

    /// <summary>
    /// A pool that ended by itself was taken by another owner. While this node holds the cell's lease that was an old node's last act: the pool is
    /// taken back, not at once, so that two who both believe so do not take it from each other in a hot loop.
    /// </summary>
    private void OnTerminated(Terminated m)
    {
        var name = m.ActorRef.Name;
        if (_restarting.Remove(name))
            StartPool(name, _pools[name]);
        else
            Timers.StartSingleTimer(name, new TakeBack(name), TakeBackAfter);
    }

    private sealed record TicketAsked;

    private sealed record TakeBack(string Pool);

    private sealed record Told(CellName Link, CellTold Answer);

    private sealed record AnswerLeft(CommitOutcome Outcome);

    private sealed record Settled(LinkReset Reset, CommitOutcome Outcome);
}
