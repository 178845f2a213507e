using System.Text;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cells.UnitTests.Messaging.Links;

/// <summary>Two cells, a parent and a child, on one thread in manual time, over a transport and databases that the test holds in its hands.</summary>
internal sealed class LinkWorld
{
    public static readonly CellName Parent = CellName.Parse("east");
    public static readonly CellName Child = CellName.Parse("east-1");

    private readonly Random _random;
    private readonly SeededIds _ids;
    private readonly ManualTime _time = new();
    private readonly SortedDictionary<string, long> _intents = new(StringComparer.Ordinal);

    public LinkWorld(int seed)
    {
        (_random, _ids) = (new Random(seed), new SeededIds(new Random(seed + 1)));
        Stepper = new SteppedDispatcher(_time);
        Up = new Node(this, Parent, Child, NeighbourKind.Child);
        Down = new Node(this, Child, Parent, NeighbourKind.Parent);
        Up.Data.AddLink(Child, 1L << 32, "1/1");
        Down.Data.AddLink(Parent, 1L << 32, "2/1");
    }

    public SteppedDispatcher Stepper { get; }
    public LossyTransport Transport { get; } = new();

    /// <summary>While true, frames are lost.</summary>
    public bool Cut { get; set; }

    public Node Up { get; }
    public Node Down { get; }
    public LinkHooks Hooks { get; init; } = LinkHooks.None;
    public ILinkKeys Keys { get; init; } = new DerivedLinkKeys(new byte[32]);
    public TimeSpan Elapsed => _time.Elapsed;

    /// <summary>Commits one more message of a key; each key's messages count from 1.</summary>
    public void Send(Node from, string key)
    {
        var counted = $"{from.Name} {key}";
        var intent = _intents[counted] = _intents.GetValueOrDefault(counted) + 1;
        from.Data.CommitNow(new SendWork(from.Neighbour, key, Message(key, intent), null));
    }

    public long Intents(Node from, string key) => _intents.GetValueOrDefault($"{from.Name} {key}");

    public static DeleteInstance Message(string key, long intent) => new(new InstanceId(Guid.Empty), 1, intent, new ProjectId(Guid.Empty), key);

    /// <summary>Performs everything in order, with no fault, until nothing is left; time does not pass.</summary>
    public void Settle()
    {
        for (var step = 0; step < 100_000; step++)
        {
            if (Stepper.Count > 0)
                Stepper.RunOne(0);
            else if (Up.Data.PendingCount > 0)
                Up.Data.Perform(0);
            else if (Down.Data.PendingCount > 0)
                Down.Data.Perform(0);
            else if (Transport.Frames.Count > 0 && Cut)
                Transport.Frames.Clear();
            else if (Transport.Frames.Count > 0)
                Transport.Deliver(0);
            else
                return;
        }
        throw new InvalidOperationException("The world does not come to rest.");
    }

    public void RunFor(TimeSpan duration)
    {
        var end = Elapsed + duration;
        Settle();
        while (Stepper.NextDue is { } due && due <= end)
        {
            Stepper.FireDue(due);
            Settle();
        }
        Stepper.FireDue(end);
    }

    /// <summary>One step that the seed draws: an actor's message, an effect of a database, a frame (delivered, doubled, lost), or time.</summary>
    public void StepAtRandom(double loss, double doubling)
    {
        var choices = Stepper.Count + Up.Data.PendingCount + Down.Data.PendingCount + Transport.Frames.Count;
        if (choices == 0 || _random.Next(200) == 0)
        {
            if (Stepper.NextDue is { } due)
                Stepper.FireDue(due);
            return;
        }
        var choice = _random.Next(choices);
        if (choice < Stepper.Count)
        {
            Stepper.RunOne(choice);
            return;
        }
        choice -= Stepper.Count;
        if (choice < Up.Data.PendingCount)
        {
            Up.Data.Perform(choice);
            return;
        }
        choice -= Up.Data.PendingCount;
        if (choice < Down.Data.PendingCount)
        {
            Down.Data.Perform(choice);
            return;
        }
        choice -= Down.Data.PendingCount;
        var luck = _random.NextDouble();
        if (luck < loss)
            Transport.Frames.RemoveAt(choice);
        else
            Transport.Deliver(choice, keep: luck < loss + doubling);
    }

    /// <summary>One cell: its database stays, its process comes and goes.</summary>
    internal sealed class Node(LinkWorld world, CellName name, CellName neighbour, NeighbourKind kind)
    {
        private CellLinks? _links;

        public CellName Name => name;
        public CellName Neighbour => neighbour;
        public MemoryCell Data { get; set; } = new();
        public string Past { get; set; } = name == Parent ? "1/1" : "2/1";
        public ActorSystem? System { get; private set; }
        public List<NeighbourChanged> Health { get; } = [];
        public List<object> News { get; } = [];
        public List<LinkReset> Resets { get; } = [];
        public List<WorkReceived> Given { get; } = [];

        /// <summary>Keys whose messages the router fails, with the reason.</summary>
        public SortedDictionary<string, string> Fails { get; } = new(StringComparer.Ordinal);

        /// <summary>The router takes messages and does nothing about them.</summary>
        public bool Deaf { get; set; }

        /// <summary>Done once the reset is settled, as the owner of open intents would.</summary>
        public Action? Redrive { get; set; }

        public CellLinks Links => _links!;
        public LinkStatus Status => Links.Status.Single();

        public void Start()
        {
            System = new ActorSystem(name.Value, world.Stepper, world._time);
            var around = new LinkSurroundings(
                name, Past, System, world.Transport, world.Keys, Data, Data, Data.Subscribe, world._ids, world._time, world.Hooks, NullLogger.Instance);
            var opening = CellLinks.OpenAsync(around, [new Neighbour(neighbour, kind)], CancellationToken.None);
            while (!opening.IsCompleted)
                Data.Perform(0);
            _links = opening.Result;
            var router = System.ActorOf(Props.Create(() => new Router(this)), "router");
            _links.Attach(router, kind == NeighbourKind.Parent ? Data : null);
        }

        public void Crash()
        {
            _links!.Dispose();
            System!.Crash();
            Data.Crash();
        }
    }

    /// <summary>Commits keyed effects and merges, and answers, as a cell's router does.</summary>
    private sealed class Router : ReceiveActor
    {
        public Router(Node node)
        {
            Receive<WorkReceived>(m =>
            {
                node.Given.Add(m);
                if (node.Deaf)
                    return;
                if (node.Fails.TryGetValue(m.Key, out var reason))
                {
                    Sender.Tell(new WorkFailed(m.Link, m.Number, reason));
                    return;
                }
                var effect = new TakeEffect(m.Key, ((DeleteInstance)m.Message).Intent);
                Answer(node, [effect], new WorkDone(m.Link, m.Number));
            });
            Receive<StateReceived>(m =>
            {
                var merges = m.Rows.Select(row => (IWrite)new MergeRow(row.Key, row.ChangeNumber, Encoding.UTF8.GetString(row.Json.Span), m.From == 0));
                Answer(node, [.. merges, m.Watermark], new StateDone(m.Link, m.To));
            });
            Receive<NewsReceived>(m => node.News.Add(m.Message));
            Receive<NeighbourChanged>(node.Health.Add);
            Receive<LinkReset>(m =>
            {
                node.Resets.Add(m);
                node.Redrive?.Invoke();
                PipeToSelf(node.Data.CommitAsync(new Change(m.Settled)), _ => new Done(null, null), error => new Done(null, error));
            });
            Receive<Done>(m => m.Tell?.Invoke());
        }

        private void Answer(Node node, IReadOnlyList<IWrite> writes, object answer)
        {
            var asker = Sender;
            PipeToSelf(node.Data.CommitAsync(new Change(writes)), _ => new Done(() => asker.Tell(answer), null), error => new Done(null, error));
        }

        private sealed record Done(Action? Tell, Exception? Error);
    }
}
