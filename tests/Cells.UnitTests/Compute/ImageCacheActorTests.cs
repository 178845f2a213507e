using Cells.Compute.Images;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using Marks = Cells.Compute.Workflows.Marks;

namespace Cells.UnitTests.Compute;

/// <summary>However a fetch ends, the SR holds at most one disk of an image, and that is the one that clones are made of.</summary>
public sealed class ImageCacheActorTests
{
    private static readonly ImageSpec Image = new(new ImageId(Guid.Parse("99999999-9999-9999-9999-999999999999")), 3, Digest, "raw");

    // SHA-256 of the bytes 1, 2, 3.
    private const string Digest = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";

    private readonly SteppedDispatcher _world = new(new ManualTime());
    private readonly OneSr _sr = new();

    [Test]
    public void A_disk_whose_row_could_not_be_made_ready_is_removed_by_the_next_fetch()
    {
        var committer = new OneRefusal(w => w is PutCachedImage { Row.State: CachedImageState.Ready });
        var system = new ActorSystem("east-1", _world, _world.Time);
        var cache = system.ActorOf(Props.Create(() => new ImageCacheActor(new ImageCacheSetup(
            Rows.Cell, committer, new NoRows(), new ThreeBytes(), new NoSink(), _world.Time, TimeSpan.FromSeconds(30), NullLogger.Instance))), "images");

        Assert.That(Fetch(cache), Is.TypeOf<ImageAnswer.Failed>());
        var second = Fetch(cache);

        Assert.That(second, Is.TypeOf<ImageAnswer.Ready>());
        Assert.That(_sr.Disks.Values.Select(d => d.Uuid), Is.EqualTo(new[] { ((ImageAnswer.Ready)second).Vdi }));
    }

    private ImageAnswer Fetch(IActorRef cache)
    {
        var owner = new PoolOwner(Rows.Place.Pool, 1);
        var answer = cache.Ask<ImageAnswer>(
            new EnsureImage(Image, Rows.Place.Sr, OneSr.Ref, Rows.Parent, owner, _sr), TimeSpan.FromMinutes(1), CancellationToken.None);
        _world.RunUntilIdle();
        cache.Tell(new ImageTicket(Image.Id, Rows.Cell, "http://home/", "ticket", null));
        _world.RunUntilIdle();
        Assert.That(answer.IsCompletedSuccessfully, Is.True);
        return answer.Result;
    }

    /// <summary>An SR that does at once what it is asked.</summary>
    private sealed class OneSr : IPoolCalls
    {
        public static readonly XenRef<Sr> Ref = new("sr");

        private int _made;

        public SortedDictionary<string, Vdi> Disks { get; } = new(StringComparer.Ordinal);

        public Task<T> CallAsync<T>(XenRequest<T> request, CancellationToken stop) => Task.FromResult((T)Perform(request.Call.Name, request.Arguments));

        public Task<XenRef<T>> RefAsync<T>(XenRequest<XenRef<T>> byUuid, CancellationToken stop) => CallAsync(byUuid, stop);

        public void Remember<T>(XenRequest<XenRef<T>> byUuid, XenRef<T> reference) { }

        public Task<T> RunTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => CallAsync(request, stop);

        public async Task ImportRawVdiAsync(XenRef<Vdi> vdi, IByteSource body, TimeSpan timeout, CancellationToken stop)
        {
            await foreach (var _ in body.ReadAsync(stop))
                Assert.That(Disks, Does.ContainKey(vdi.Value));
        }

        public Task<T> ExportRawVdiAsync<T>(XenRef<Vdi> vdi, long length, TimeSpan timeout, Func<IByteSource, Task<T>> use, CancellationToken stop) =>
            throw new AssertionException("No image is read back.");

        public Task<XenRef<XenTask>> BeginTaskAsync<T>(XenRequest<T> request, CancellationToken stop) =>
            throw new AssertionException($"No image needs {request.Call.Name} as a task left to itself.");

        public Task BarrierAsync(CancellationToken stop) => Task.CompletedTask;

        private object Perform(string call, IReadOnlyList<object> arguments)
        {
            switch (call)
            {
                case "VDI.create":
                    var reference = $"disk {++_made}";
                    Disks[reference] = new Vdi(
                        new Guid(_made, 0, 0, new byte[8]), Marks.NameOf(Image.Id), Ref, 3, 3, Managed: true, IsASnapshot: false, [],
                        new SortedDictionary<string, string> { [Marks.Image] = Image.Id.ToString() });
                    return new XenRef<Vdi>(reference);
                case "VDI.get_record":
                    return Disks[((XenRef<Vdi>)arguments[0]).Value];
                case "VDI.get_all_records_where":
                    return (IReadOnlyList<KeyValuePair<XenRef<Vdi>, Vdi>>)[.. Disks.Select(d => new KeyValuePair<XenRef<Vdi>, Vdi>(new(d.Key), d.Value))];
                case "VDI.add_to_other_config":
                    var marked = ((XenRef<Vdi>)arguments[0]).Value;
                    Disks[marked] = Disks[marked] with
                    {
                        OtherConfig = new SortedDictionary<string, string>(Disks[marked].OtherConfig.ToDictionary()) { [(string)arguments[1]] = (string)arguments[2] },
                    };
                    return default(XenVoid);
                case "VDI.destroy":
                    Disks.Remove(((XenRef<Vdi>)arguments[0]).Value);
                    return default(XenVoid);
                default:
                    throw new ArgumentOutOfRangeException(nameof(call), call, "a fetch has no use for it");
            }
        }
    }

    /// <summary>Takes everything but the first change that holds such a write.</summary>
    private sealed class OneRefusal(Predicate<IWrite> refused) : ICommitter
    {
        private bool _done;

        public void Commit(Change change, Action<CommitOutcome> told)
        {
            var refuse = !_done && change.Writes.Any(w => refused(w));
            _done |= refuse;
            told(refuse ? new CommitOutcome.Unavailable("away") : new CommitOutcome.Committed([.. change.Writes.OfType<SendWork>().Select(_ => 1L)]));
        }

        public Task<CommitOutcome> CommitAsync(Change change)
        {
            var outcome = new TaskCompletionSource<CommitOutcome>();
            Commit(change, outcome.SetResult);
            return outcome.Task;
        }
    }

    private sealed class NoRows : ICellDatabase
    {
        public Task<T> ReadAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken stop) =>
            Task.FromResult((T)(object)Array.Empty<CachedImage>());
    }

    private sealed class NoSink : IImageSink
    {
        public Task<ImageSent> SendAsync(ImageTicket ticket, IByteSource bytes, CancellationToken stop) => throw new AssertionException("No image is sent.");
    }

    private sealed class ThreeBytes : IImageSource, IByteSource
    {
        public long Length => 3;

        public Task<IByteSource> OpenAsync(ImageSpec image, ImageTicket ticket, CancellationToken stop) => Task.FromResult<IByteSource>(this);

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
        {
            await Task.CompletedTask;
            yield return new byte[] { 1, 2, 3 };
        }
    }
}
