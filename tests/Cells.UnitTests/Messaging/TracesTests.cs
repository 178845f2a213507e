using System.Diagnostics;
using Cells.Messaging;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging;

[NonParallelizable]
public sealed class TracesTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Test]
    public void Without_a_listener_nothing_is_begun_and_nothing_is_allocated()
    {
        Assert.That(Traces.On, Is.False, "some test left a listener behind");
        Use();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++)
            Use();

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        static void Use()
        {
            Traces.End(Traces.Begin("place", ActivityKind.Consumer, Parent));
            Traces.Call("XenAPI", "VM.start")?.Dispose();
        }
    }

    [Test]
    public void A_span_is_begun_under_the_context_that_the_message_carried_and_disturbs_no_ambient_one()
    {
        using var listener = Listen(out _);
        using var ambient = new Activity("somebody else's").Start();

        var span = Traces.Begin("place", ActivityKind.Consumer, Parent)!;
        var whileOpen = Activity.Current;
        Traces.End(span, "overtaken");

        Assert.That((span.TraceId.ToHexString(), span.ParentSpanId.ToHexString()), Is.EqualTo(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")));
        Assert.That((whileOpen, Activity.Current), Is.EqualTo((ambient, ambient)));
        Assert.That((span.Status, span.StatusDescription), Is.EqualTo((ActivityStatusCode.Error, "overtaken")));
    }

    [TestCase(null)]
    [TestCase("no context")]
    public void Without_a_context_a_span_begins_a_trace_of_its_own(string? parent)
    {
        using var listener = Listen(out _);
        using var ambient = new Activity("somebody else's").Start();

        var span = Traces.Begin("sweep", ActivityKind.Internal, parent)!;
        Traces.End(span);

        Assert.That(span.ParentSpanId, Is.EqualTo(default(ActivitySpanId)));
        Assert.That(span.TraceId, Is.Not.EqualTo(ambient.TraceId));
    }

    [Test]
    public async Task What_is_called_within_a_span_is_found_below_it_also_after_it_waited()
    {
        using var listener = Listen(out var ended);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var step = Traces.Begin("step start", ActivityKind.Internal, Parent)!;

        var call = Traces.Within(step, async () =>
        {
            await gate.Task;
            using var inner = Traces.Call("XenAPI", "VM.start_on");
            return inner!.ParentSpanId;
        });
        var outside = Activity.Current;
        gate.SetResult();
        var parent = await call;
        Traces.End(step);

        Assert.That(outside, Is.Null);
        Assert.That(parent, Is.EqualTo(step.SpanId));
        Assert.That(ended.Select(span => span.OperationName), Is.EqualTo(new[] { "XenAPI VM.start_on", "step start" }));
    }

    [Test]
    public void A_call_without_an_ambient_span_is_none()
    {
        using var listener = Listen(out _);

        Assert.That(Traces.Call("XenAPI", "event.from"), Is.Null);
    }

    private static ActivityListener Listen(out List<Activity> ended)
    {
        var spans = new List<Activity>();
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Traces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        ended = spans;
        return listener;
    }
}
