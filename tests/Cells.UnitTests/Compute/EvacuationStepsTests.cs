using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>A host may be heard again between the choice of another place and the call that starts its server there: then nothing is called.</summary>
public sealed class EvacuationStepsTests
{
    [TestCase("reset-power", true, typeof(StepOutcome.Refused))]
    [TestCase("reset-power", null, typeof(StepOutcome.Later))]
    [TestCase("power-on-there", true, typeof(StepOutcome.Refused))]
    [TestCase("power-on-there", null, typeof(StepOutcome.Later))]
    public async Task Nothing_is_reset_or_started_while_the_host_is_heard_or_may_be(string step, bool? isHeard, Type expected)
    {
        var row = Rows.Active() with
        {
            Work = new Work(WorkflowKind.Evacuate, Steps.Of(WorkflowKind.Evacuate).ToList().FindIndex(s => s.Name == step), Undoing: false, Interrupted: null),
            Destination = new SecondPlace(Rows.Place, Rows.Build().Flavor, HasDisk: false, VmState.Active),
        };
        var context = new StepContext(
            row, new PoolOwner(Rows.Place.Pool, 1), new DeafPool(), new XenRef<Cells.Compute.XenApi.Host>("host"), new XenRef<Sr>("sr"),
            new SortedDictionary<string, XenRef<Network>>(), new NoImages(), new Awaited(), Rows.Now, TimeSpan.FromSeconds(60))
        {
            HostIsHeard = isHeard,
        };

        var outcome = await RunStep.PerformAsync(context, maybeDone: false, CancellationToken.None);

        Assert.That(outcome, Is.TypeOf(expected));
        if (outcome is StepOutcome.Refused refused)
            Assert.That(refused.Code, Is.EqualTo("host_is_back"));
    }

    private sealed class DeafPool : IPoolCalls
    {
        public Task<T> CallAsync<T>(XenRequest<T> request, CancellationToken stop) => throw new AssertionException($"{request.Call.Name} was called.");

        public Task<XenRef<T>> RefAsync<T>(XenRequest<XenRef<T>> byUuid, CancellationToken stop) => CallAsync(byUuid, stop);

        public void Remember<T>(XenRequest<XenRef<T>> byUuid, XenRef<T> reference) { }

        public Task<T> RunTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => CallAsync(request, stop);

        public Task<XenRef<XenTask>> BeginTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => throw new AssertionException($"{request.Call.Name} was begun.");

        public Task ImportRawVdiAsync(XenRef<Vdi> vdi, IByteSource body, TimeSpan timeout, CancellationToken stop) => throw new AssertionException("A disk was written.");

        public Task<T> ExportRawVdiAsync<T>(XenRef<Vdi> vdi, long length, TimeSpan timeout, Func<IByteSource, Task<T>> use, CancellationToken stop) =>
            throw new AssertionException("A disk was read.");

        public Task BarrierAsync(CancellationToken stop) => throw new AssertionException("A barrier was set.");
    }

    private sealed class NoImages : IImageCache
    {
        public Task<ImageAnswer> EnsureAsync(EnsureImage request, CancellationToken stop) => throw new AssertionException("An image was fetched.");

        public Task<ImageSent> SendAsync(SendImage request, CancellationToken stop) => throw new AssertionException("An image was sent.");

        public void Forget(ImageId image, SrId sr, Guid vdi) => throw new AssertionException("An image was forgotten.");
    }
}
