using System.Collections.Concurrent;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Links;

/// <summary>What the links of one cell share.</summary>
/// <param name="OwnPast">See <see cref="LinkParts"/>.</param>
/// <param name="Subscribe">Lets an actor hear of every committed group.</param>
internal sealed record LinkSurroundings(
    CellName Cell,
    string OwnPast,
    ActorSystem System,
    ITransport Transport,
    ILinkKeys Keys,
    ILinkStore Store,
    ICommitter Committer,
    Action<IActorRef> Subscribe,
    IIdSource Ids,
    TimeProvider Time,
    LinkHooks Hooks,
    ILogger Logger);

internal sealed class CellLinks : ILinks, IParkedMessages, IDisposable
{
    // Each is logged once; whoever invents names fills no log.
    private const int MostStrangers = 20;

    private readonly LinkSurroundings _around;
    private readonly SortedDictionary<CellName, Link> _links = [];
    private readonly ConcurrentDictionary<CellName, bool> _strangers = new();
    private IDisposable? _listening;

    /// <summary>Reads where the links are, before anything new is committed; no link is started yet. Their rows exist (<see cref="LinkRows"/>).</summary>
    /// <exception cref="CellsException">A key is missing.</exception>
    public static async Task<CellLinks> OpenAsync(LinkSurroundings around, IReadOnlyList<Neighbour> neighbours, CancellationToken stop)
    {
        var links = new CellLinks(around);
        foreach (var neighbour in neighbours.OrderBy(neighbour => neighbour.Name))
        {
            var record = await around.Store.ReadLinkAsync(neighbour.Name, stop);
            var board = new LinkBoard(neighbour.Name, neighbour.Kind, record.WorkGiven, record.ChangeCounter);
            board.ShowBacklog(record.WorkGiven - record.Past.WorkAcked);
            links._links.Add(neighbour.Name, new Link(neighbour, board, Key(around, around.Cell, neighbour.Name), Key(around, neighbour.Name, around.Cell)));
        }
        return links;
    }

    private CellLinks(LinkSurroundings around) => _around = around;

    public IReadOnlyList<LinkStatus> Status => [.. _links.Values.Select(link => link.Board.Status(_around.Time))];

    public IParkedMessages Parked => this;

    /// <summary>Some <see cref="Status"/> may have changed. From the links' turns: only pass on. Before <see cref="Attach"/>.</summary>
    internal Action? StatusChanged
    {
        set
        {
            foreach (var link in _links.Values)
                link.Board.Changed = value;
        }
    }

    public void Attach(IActorRef router, IStateSource? source)
    {
        if (_listening is not null)
            throw new InvalidOperationException($"Cell '{_around.Cell}': its links have a router already.");
        foreach (var link in _links.Values)
        {
            var parts = new LinkParts(
                _around.Cell, link.Neighbour.Name, link.Neighbour.Kind, _around.OwnPast, _around.Transport, link.SignKey, link.CheckKey,
                () => _around.Keys.JoinBefore(link.Neighbour.Name, _around.Cell), _around.Store,
                _around.Committer, _around.Ids, _around.Time, router, source, link.Board, _around.Hooks, _around.Logger);
            link.Actor = _around.System.ActorOf(Props.Create(() => new LinkActor(parts)), $"link-{link.Neighbour.Name}");
            _around.Subscribe(link.Actor);
        }
        _listening = _around.Transport.Listen(_around.Cell, OnFrame);
    }

    public bool IsFull(CellName link) => Find(link).Board.IsFull;

    public void Send(SendNews news) => Started(news.Link).Actor.Tell(news, sender: null);

    public Task<IReadOnlyList<ParkedMessage>> ListAsync(CancellationToken stop) => _around.Store.ReadParkedAsync(stop);

    public void Retry(CellName link, string orderKey) => Started(link).Actor.Tell(new LinkInbox.RetryKey(orderKey), sender: null);

    public async Task DropAsync(CellName link, long incarnation, long number)
    {
        var actor = Started(link).Actor;
        var outcome = await _around.Committer.CommitAsync(new Change(new UnparkMessage(link, incarnation, number)));
        if (outcome is CommitOutcome.Unavailable unavailable)
            throw new CellsException($"Message {number} of '{link}' was not dropped: {unavailable.Reason} Try again when the database is there.");
        actor.Tell(LinkInbox.ParkedChanged.Instance, sender: null);
    }

    /// <summary>No frame comes in any more.</summary>
    public void Dispose() => _listening?.Dispose();

    /// <summary>On the transport's thread: only passes on.</summary>
    private void OnFrame(CellName from, ReadOnlyMemory<byte> bytes)
    {
        if (!_links.TryGetValue(from, out var link))
        {
            LinkTelemetry.Refused.Add(1, new KeyValuePair<string, object?>("reason", nameof(FrameRefusal.UnknownNeighbour)));
            if (_strangers.Count < MostStrangers && _strangers.TryAdd(from, true))
                LinkTelemetry.NoNeighbour(_around.Logger, _around.Cell, from);
        }
        else if (link.Board.TryAddFrame())
        {
            link.Actor.Tell(new LinkActor.FrameArrived(bytes), sender: null);
        }
        else
        {
            link.Board.CountRefused();
            LinkTelemetry.Refused.Add(1, new KeyValuePair<string, object?>("reason", nameof(FrameRefusal.Overflow)));
        }
    }

    private Link Find(CellName name) => _links.TryGetValue(name, out var link)
        ? link
        : throw new CellsException($"Cell '{_around.Cell}' has no link to '{name}'. Its neighbours are: {string.Join(", ", _links.Keys)}.");

    private Link Started(CellName name) => Find(name) is { Actor: var actor } link && !actor.IsNobody()
        ? link
        : throw new InvalidOperationException($"Cell '{_around.Cell}': the link to '{name}' is used before a router was attached.");

    private static LinkKey Key(LinkSurroundings around, CellName from, CellName to) => around.Keys.Find(from, to)
        ?? throw new CellsException($"There is no key for the link from '{from}' to '{to}', so nothing could be signed or believed. Put the same key file at both ends.");

    private sealed class Link(Neighbour neighbour, LinkBoard board, LinkKey signKey, LinkKey checkKey)
    {
        public Neighbour Neighbour => neighbour;
        public LinkBoard Board => board;
        public LinkKey SignKey => signKey;
        public LinkKey CheckKey => checkKey;

        /// <summary>Nobody until a router is attached.</summary>
        public IActorRef Actor { get; set; } = ActorRefs.Nobody;
    }
}
