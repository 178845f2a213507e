using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.XenApi;

public sealed class TaskResultTests
{
    private static readonly XenRequest<XenRef<Vdi>> Clone = Vdi.CloneFrom(new XenRef<Vdi>("OpaqueRef:source"));
    private static readonly XenRequest<XenVoid> Shutdown = Vm.HardShutdown(new XenRef<Vm>("OpaqueRef:vm"));

    [TestCase("<value>OpaqueRef:clone</value>")]
    [TestCase("<value><string>OpaqueRef:clone</string></value>")]
    [TestCase("  <value>OpaqueRef:clone</value>\n")]
    [TestCase("OpaqueRef:clone")]
    public void A_reference_is_read_in_each_form_in_the_field(string text) =>
        Assert.That(XapiSession.ResultOf(Clone, Ended(XenTaskStatus.Success, text)).Value, Is.EqualTo("OpaqueRef:clone"));

    [TestCase("<value></value>")]
    [TestCase("<value/>")]
    [TestCase("")]
    public void Nothing_is_read_in_each_form_in_the_field(string text) =>
        Assert.That(XapiSession.ResultOf(Shutdown, Ended(XenTaskStatus.Success, text)), Is.EqualTo(default(XenVoid)));

    [Test]
    public void Sets_maps_and_numbers_are_read()
    {
        var names = new XenRequest<IReadOnlyList<XenRef<Vm>>>(Clone.Call, [], v => v.Refs<Vm>());
        var counts = new XenRequest<IReadOnlyDictionary<string, string>>(Clone.Call, [], v => v.Map());
        var number = new XenRequest<long>(Clone.Call, [], v => v.Whole());
        var yes = new XenRequest<bool>(Clone.Call, [], v => v.Bool());

        Assert.That(
            XapiSession.ResultOf(names, Ended(XenTaskStatus.Success, "<value><array><data><value>a</value> <value>b</value></data></array></value>")).Select(r => r.Value),
            Is.EqualTo(new[] { "a", "b" }));
        Assert.That(XapiSession.ResultOf(names, Ended(XenTaskStatus.Success, "<value><array><data/></array></value>")), Is.Empty);
        Assert.That(
            XapiSession.ResultOf(counts, Ended(XenTaskStatus.Success, "<value><struct><member><name>k</name><value>v</value></member></struct></value>"))["k"],
            Is.EqualTo("v"));
        Assert.That(XapiSession.ResultOf(number, Ended(XenTaskStatus.Success, "<value>9007199254740993</value>")), Is.EqualTo(9007199254740993));
        Assert.That(XapiSession.ResultOf(yes, Ended(XenTaskStatus.Success, "<value><boolean>1</boolean></value>")));
    }

    [TestCase("<value>")]
    [TestCase("<other>x</other>")]
    [TestCase("<value><base64>AA==</base64></value>")]
    [TestCase("<value><array><data></array></value>")]
    [TestCase("<!DOCTYPE x [<!ENTITY a \"b\">]><value>&a;</value>")]
    [TestCase("<value><array><data><value>a</value></data></array></value>")]
    public void A_result_that_is_not_understood_is_an_unknown_outcome(string text) =>
        Assert.Throws<XenApiUnknownOutcome>(() => XapiSession.ResultOf(Clone, Ended(XenTaskStatus.Success, text)));

    [Test]
    public void A_result_nested_too_deep_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("<value><array><data>", 60)) + string.Concat(Enumerable.Repeat("</data></array></value>", 60));

        Assert.Throws<XenApiUnknownOutcome>(() => XapiSession.ResultOf(Clone, Ended(XenTaskStatus.Success, deep)));
    }

    [Test]
    public void A_failed_task_gives_its_code()
    {
        var failure = Assert.Throws<XenApiFailure>(() => XapiSession.ResultOf(Clone, Ended(XenTaskStatus.Failure, "", "SR_FULL", "1", "2")))!;

        Assert.That((failure.Call, failure.Code), Is.EqualTo(("VDI.clone", "SR_FULL")));
        Assert.That(failure.Parameters, Is.EqualTo(new[] { "1", "2" }));
    }

    [Test]
    public void A_cancelled_task_gives_task_cancelled_and_a_pending_one_no_result()
    {
        Assert.That(Assert.Throws<XenApiFailure>(() => XapiSession.ResultOf(Clone, Ended(XenTaskStatus.Cancelled, "")))!.Code, Is.EqualTo("TASK_CANCELLED"));
        Assert.Throws<ArgumentException>(() => XapiSession.ResultOf(Clone, Ended(XenTaskStatus.Pending, "")));
    }

    private static XenTask Ended(XenTaskStatus status, string result, params string[] error) => new(Guid.Empty, "Async.VDI.clone", status, 1, result, error);
}
