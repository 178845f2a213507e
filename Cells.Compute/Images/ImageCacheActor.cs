using Cells.Compute.Nodes;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Images;

/// <summary>One per cell: which images are on which SRs, and one fetch at a time for each that is not. An image that is there needs nobody above.</summary>
internal sealed class ImageCacheActor : ReceiveActor
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly ImageCacheSetup _setup;
    private readonly Action<AskTicket>? _tickets;
    private readonly Dictionary<PoolId, long> _readUnder = [];
    private readonly Dictionary<(ImageId, SrId), CachedImage> _known = [];
    private readonly SortedDictionary<(Guid Image, Guid Sr), Fetch> _fetches = [];

    /// <param name="tickets">
    /// Asks above for tickets where this process does not lead its cell; pools then come and go, and each is read again under its new owner's epoch. Null: this
    /// actor asks itself, and nobody else fetches to the cell's SRs.
    /// </param>
    public ImageCacheActor(ImageCacheSetup setup, Action<AskTicket>? tickets = null)
    {
        (_setup, _tickets) = (setup, tickets);
        Loading();
    }

    private void Loading()
    {
        Receive<Loaded>(OnLoaded);
        Receive<LoadAgain>(_ => Load());
        ReceiveAny(_ => Stash.Stash());
    }

    protected override void PreStart() => Load();

    // The next life knows nothing of who waits: they ask again.
    protected override void PreRestart(Exception reason, object? message)
    {
        foreach (var fetch in _fetches.Values.ToList())
            End(fetch, new ImageAnswer.Failed("the image cache began anew"));
        base.PreRestart(reason, message);
    }

    private void Load() => PipeToSelf(
        ReadCachedImages.AllAsync(_setup.Database, Stopping),
        rows => new Loaded(rows, null),
        error => new Loaded([], error));

    private void OnLoaded(Loaded m)
    {
        if (m.Error is { } error)
        {
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, error.Message);
            Timers.StartSingleTimer("load", LoadAgain.Instance, RetryAfter);
            return;
        }
        foreach (var row in m.Rows)
            _known[(row.Image, row.Sr)] = row;
        Become(Ready);
        Stash.UnstashAll();
    }

    private void Ready()
    {
        Receive<EnsureImage>(OnEnsure);
        Receive<ForgetImage>(OnForget);
        Receive<ImageTicket>(OnTicket);
        Receive<AskAgain>(m =>
        {
            if (_fetches.TryGetValue(m.Key, out var fetch) && !fetch.Running)
                AskForTicket(fetch);
        });
        Receive<TicketAsked>(_ => { });
        Receive<Fetched>(OnFetched);
    }

    private void OnEnsure(EnsureImage m)
    {
        if (_tickets is not null && m.Owner.Epoch > _readUnder.GetValueOrDefault(m.Owner.Pool))
        {
            // A former owner, which can write no more, may have fetched since.
            _readUnder[m.Owner.Pool] = m.Owner.Epoch;
            Stash.Stash();
            Become(Loading);
            Load();
            return;
        }
        if (_known.TryGetValue((m.Image.Id, m.Sr), out var known) && known is { State: CachedImageState.Ready, Vdi: { } vdi } && known.Sha256 == m.Image.Sha256)
        {
            Sender.Tell(new ImageAnswer.Ready(vdi), Self);
            return;
        }
        var key = (m.Image.Id.Value, m.Sr.Value);
        if (_fetches.TryGetValue(key, out var running))
        {
            running.Askers.Add(Sender);
            return;
        }
        var fetch = new Fetch(key, m, known);
        fetch.Askers.Add(Sender);
        _fetches[key] = fetch;
        AskForTicket(fetch);
    }

    /// <summary>Work of its own, keyed by the image: asked again until it is answered, since an answer may be parked or lost with a restart above.</summary>
    private void AskForTicket(Fetch fetch)
    {
        var ask = new AskTicket(fetch.Request.Parent, fetch.Request.Image.Id);
        if (_tickets is not null)
            _tickets(ask);
        else
            PipeToSelf(
                _setup.Committer.CommitAsync(ask.Change(_setup.Cell)),
                _ => new TicketAsked(),
                error => throw new InvalidOperationException("The committer gave no outcome for a ticket request.", error));
        Timers.StartSingleTimer(fetch.Key, new AskAgain(fetch.Key), _setup.TicketPatience);
    }

    private void OnTicket(ImageTicket ticket)
    {
        foreach (var fetch in _fetches.Values.Where(f => f.Key.Image == ticket.Image.Value && !f.Running).ToList())
        {
            Timers.Cancel(fetch.Key);
            if (ticket.Refusal is { } refusal)
            {
                End(fetch, new ImageAnswer.Refused($"image {ticket.Image}: {refusal}", Everywhere: true));
                continue;
            }
            fetch.Running = true;
            ComputeTelemetry.FetchingImage(_setup.Logger, ticket.Image, fetch.Request.Sr, fetch.Request.Image.SizeBytes);
            var work = new FetchImage(fetch.Request, _setup.Source, _setup.Committer, _setup.Time);
            PipeToSelf(
                work.RunAsync(ticket, fetch.Known, Stopping),
                answer => new Fetched(fetch, answer, work.Written),
                error => error is OperationCanceledException
                    ? new Fetched(fetch, new ImageAnswer.Failed("the cell is ending"), work.Written)
                    : throw new InvalidOperationException($"Fetching image {ticket.Image} to SR {fetch.Request.Sr} broke.", error));
        }
    }

    private void OnFetched(Fetched m)
    {
        if (!_fetches.TryGetValue(m.Fetch.Key, out var fetch) || fetch != m.Fetch)
            return;                                               // of an earlier life: its row has been read back
        var (image, sr) = (fetch.Request.Image, fetch.Request.Sr);
        if (m.Answer is ImageAnswer.Ready ready)
        {
            _known[(image.Id, sr)] = new CachedImage(image.Id, sr, fetch.Request.Owner.Pool, ready.Vdi, CachedImageState.Ready, image.Sha256);
            ComputeTelemetry.ImageCached(_setup.Logger, image.Id, sr, ready.Vdi);
        }
        else
        {
            // The row may name a disk that has its last mark already: only who knows that can tell it from a finished one, and remove it.
            if ((m.Written ?? fetch.Known) is { } left)
                _known[(image.Id, sr)] = left with { State = CachedImageState.Fetching };
            ComputeTelemetry.ImageNotFetched(_setup.Logger, image.Id, sr, m.Answer.Reason);
        }
        End(fetch, m.Answer);
    }

    private void End(Fetch fetch, ImageAnswer answer)
    {
        _fetches.Remove(fetch.Key);
        foreach (var asker in fetch.Askers)
            asker.Tell(answer, Self);
    }

    private void OnForget(ForgetImage m)
    {
        if (_known.TryGetValue((m.Image, m.Sr), out var known) && known.Vdi == m.Vdi)
            _known.Remove((m.Image, m.Sr));
    }

    private sealed record Loaded(IReadOnlyList<CachedImage> Rows, Exception? Error);

    private sealed record LoadAgain
    {
        public static readonly LoadAgain Instance = new();
    }

    private sealed record AskAgain((Guid Image, Guid Sr) Key);

    private sealed record TicketAsked;

    /// <param name="Written">What the image's row says after the fetch; null when it did not come to write one.</param>
    private sealed record Fetched(Fetch Fetch, ImageAnswer Answer, CachedImage? Written);

    private sealed class Fetch((Guid Image, Guid Sr) key, EnsureImage request, CachedImage? known)
    {
        public (Guid Image, Guid Sr) Key { get; } = key;
        public EnsureImage Request { get; } = request;
        public CachedImage? Known { get; } = known;
        public List<IActorRef> Askers { get; } = [];
        public bool Running { get; set; }
    }
}

/// <summary>What the cache works with.</summary>
internal sealed record ImageCacheSetup(
    CellName Cell, ICommitter Committer, ICellDatabase Database, IImageSource Source, IImageSink Sink, TimeProvider Time, TimeSpan TicketPatience, ILogger Logger);

/// <summary>The SR does not have this disk any more.</summary>
internal sealed record ForgetImage(ImageId Image, SrId Sr, Guid Vdi);

/// <summary>The cache as steps see it.</summary>
/// <param name="uploads">The <see cref="UploadTicketsActor"/>.</param>
internal sealed class ImageCache(IActorRef actor, IActorRef uploads, ImageCacheSetup setup) : IImageCache
{
    // A fetch bounds itself; this only bounds what is remembered of an asker.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(3);

    // A large disk over a slow way takes as long as it takes; the server is used meanwhile. A host that gives nothing for so long gives nothing more.
    private static readonly TimeSpan StandsStill = TimeSpan.FromMinutes(5);

    public Task<ImageAnswer> EnsureAsync(EnsureImage request, CancellationToken stop) => actor.Ask<ImageAnswer>(request, Patience, stop);

    public void Forget(ImageId image, SrId sr, Guid vdi) => actor.Tell(new ForgetImage(image, sr, vdi), null);

    public async Task<ImageSent> SendAsync(SendImage request, CancellationToken stop)
    {
        try
        {
            var ticket = await uploads.Ask<ImageTicket>(new AskToSend(request.Image, request.Parent), setup.TicketPatience, stop);   // then the step looks again
            if (ticket.Stored)
                return new ImageSent.Stored();
            if (ticket.Refusal is { } refusal)
                return new ImageSent.Refused(refusal);
            return await request.Pool.ExportRawVdiAsync(request.Disk, request.Length, StandsStill, bytes => setup.Sink.SendAsync(ticket, bytes, stop), stop);
        }
        catch (AskTimeoutException silent)
        {
            return new ImageSent.NotNow($"the home of image {request.Image} has not answered: {silent.Message}");
        }
        catch (ImageSourceException away)
        {
            return new ImageSent.NotNow(away.Message);
        }
    }
}
