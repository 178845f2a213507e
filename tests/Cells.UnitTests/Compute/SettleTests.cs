using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>A delete that interrupted a clone waits for the calls that were under way then, and not for those that others begin meanwhile.</summary>
public sealed class SettleTests
{
    private static readonly int CloneDisk = Steps.Build.Select((step, index) => (step, index)).Single(s => s.step.Name == "clone-disk").index;

    [Test]
    public async Task A_delete_waits_for_the_clones_of_its_first_look_and_for_no_later_one()
    {
        var pool = new CloningPool();
        var row = Rows.Building() with
        {
            DeleteIntent = 2,
            Work = new Work(WorkflowKind.Delete, 0, Undoing: false, Interrupted: CloneDisk, InterruptedOf: WorkflowKind.Build),
        };
        var context = new StepContext(
            row, new PoolOwner(Rows.Place.Pool, 1), pool, new XenRef<Cells.Compute.XenApi.Host>("host"), new XenRef<Sr>("sr"), new SortedDictionary<string, XenRef<Network>>(),
            new NoImages(), new Awaited(), Rows.Now, TimeSpan.FromSeconds(60));

        pool.Cloning = ["ours"];
        var first = await RunStep.PerformAsync(context, maybeDone: true, CancellationToken.None);
        pool.Cloning = ["ours", "another"];
        var second = await RunStep.PerformAsync(context, maybeDone: true, CancellationToken.None);
        pool.Cloning = ["another", "a third"];
        var third = await RunStep.PerformAsync(context, maybeDone: true, CancellationToken.None);

        Assert.That(first, Is.TypeOf<StepOutcome.Unknown>());
        Assert.That(second, Is.TypeOf<StepOutcome.Unknown>());
        Assert.That(third, Is.TypeOf<StepOutcome.Done>());
    }

    /// <summary>A pool without objects on which disks are being cloned.</summary>
    internal sealed class CloningPool : IPoolCalls
    {
        public IReadOnlyList<string> Cloning { get; set; } = [];

        public Task<T> CallAsync<T>(XenRequest<T> request, CancellationToken stop) => Task.FromResult((T)(object)(request.Call.Name switch
        {
            "VDI.get_all_records_where" => Array.Empty<KeyValuePair<XenRef<Vdi>, Vdi>>(),
            "task.get_all_records" => Cloning
                .Select(task => new KeyValuePair<XenRef<XenTask>, XenTask>(new(task), new XenTask(Guid.Empty, "VDI.clone", XenTaskStatus.Pending, 0, "", []))).ToArray(),
            var call => throw new AssertionException($"Nobody has to call {call} for this."),
        }));

        public Task<XenRef<T>> RefAsync<T>(XenRequest<XenRef<T>> byUuid, CancellationToken stop) => CallAsync(byUuid, stop);

        public void Remember<T>(XenRequest<XenRef<T>> byUuid, XenRef<T> reference) { }

        public Task<T> RunTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => CallAsync(request, stop);

        public Task<XenRef<XenTask>> BeginTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => throw new AssertionException("Settling begins nothing.");

        public Task ImportRawVdiAsync(XenRef<Vdi> vdi, IByteSource body, TimeSpan timeout, CancellationToken stop) =>
            throw new AssertionException("Settling writes nothing.");

        public Task<T> ExportRawVdiAsync<T>(XenRef<Vdi> vdi, long length, TimeSpan timeout, Func<IByteSource, Task<T>> use, CancellationToken stop) =>
            throw new AssertionException("Settling reads nothing back.");

        public Task BarrierAsync(CancellationToken stop) => Task.CompletedTask;
    }

    internal sealed class NoImages : IImageCache
    {
        public Task<ImageAnswer> EnsureAsync(EnsureImage request, CancellationToken stop) => throw new AssertionException("Settling fetches nothing.");

        public Task<ImageSent> SendAsync(SendImage request, CancellationToken stop) => throw new AssertionException("Settling sends nothing.");

        public void Forget(Cells.Contracts.ImageId image, Cells.Contracts.SrId sr, Guid vdi) => throw new AssertionException("Settling forgets nothing.");
    }
}
