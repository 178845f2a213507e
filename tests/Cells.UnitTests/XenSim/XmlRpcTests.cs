using System.Text;
using System.Xml.Linq;
using Cells.XenSim.Core;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

/// <summary>The same calls in the other protocol: untyped text, digits for ints, nothing between elements.</summary>
public sealed class XmlRpcTests
{
    private readonly SimDriver _sim = new();
    private long _id = 1000;

    [Test]
    public void A_result_stands_in_a_struct_of_status_and_value_without_white_space()
    {
        Assert.That(Send("VM.get_power_state", Text(_sim.Session), Text(_sim.Vm())).Text, Is.EqualTo(
            """<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name><value>Halted</value></member></struct></value></param></params></methodResponse>"""));
    }

    [Test]
    public void A_failure_has_its_code_and_parameters_as_a_list()
    {
        var answer = Send("VM.get_power_state", Text(_sim.Session), Text("OpaqueRef:none"));

        Assert.That((answer.Status, answer.ContentType), Is.EqualTo((200, "text/xml")));
        Assert.That(Members(answer)["Status"].Value, Is.EqualTo("Failure"));
        Assert.That(Members(answer)["ErrorDescription"].Descendants("value").Select(v => v.Value), Is.EqualTo(new[] { "HANDLE_INVALID", "VM", "OpaqueRef:none" }));
    }

    [Test]
    public void A_record_has_the_published_encodings()
    {
        var (vm, _) = _sim.Boot(vcpus: 2);
        var fields = Fields(Members(Send("VM.get_record", Text(_sim.Session), Text(vm)))["Value"]);
        var metrics = Fields(Members(Send("VM_metrics.get_record", Text(_sim.Session), Text(fields["metrics"].Value)))["Value"]);

        Assert.That(fields["VCPUs_max"].ToString(SaveOptions.DisableFormatting), Is.EqualTo("<value>2</value>"), "an int is digits in plain text");
        Assert.That(fields["is_a_template"].ToString(SaveOptions.DisableFormatting), Is.EqualTo("<value><boolean>0</boolean></value>"));
        Assert.That(fields["HVM_shadow_multiplier"].ToString(SaveOptions.DisableFormatting), Is.EqualTo("<value><double>1</double></value>"));
        Assert.That(metrics["start_time"].ToString(SaveOptions.DisableFormatting), Is.EqualTo("<value><dateTime.iso8601>20260901T12:00:00Z</dateTime.iso8601></value>"));
        Assert.That(Fields(fields["other_config"])["cells"].Value, Is.EqualTo("stamp"));
        Assert.That(fields["VBDs"].Element("array")!.Element("data")!.Elements("value").Count(), Is.EqualTo(1));
        Assert.That(fields.Keys, Is.EquivalentTo(_sim.Ask("VM.get_record", vm).EnumerateObject().Select(p => p.Name)), "the same fields as in JSON");
    }

    [Test]
    public void Typed_parameters_are_taken()
    {
        var vm = _sim.Vm();

        Send("VM.set_VCPUs_at_startup", Text(_sim.Session), Text(vm), "<value><string>1</string></value>");
        Send("VM.set_other_config", Text(_sim.Session), Text(vm), "<value><struct><member><name>a&amp;b</name><value>&lt;c&gt;</value></member></struct></value>");
        var started = Send("VM.start", Text(_sim.Session), Text(vm), "<value><boolean>1</boolean></value>", "<value><boolean>0</boolean></value>");

        Assert.That(Members(started)["Value"].Value, Is.Empty, "void");
        Assert.That(_sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Paused"));
        Assert.That(_sim.Ask("VM.get_other_config", vm).GetProperty("a&b").GetString(), Is.EqualTo("<c>"));
        Assert.That(Fields(Members(Send("VM.get_record", Text(_sim.Session), Text(vm)))["Value"])["other_config"].ToString(SaveOptions.DisableFormatting),
            Does.Contain("<name>a&amp;b</name><value>&lt;c&gt;</value>"));
        Assert.That(Members(Send("VM.start", Text(_sim.Session), Text(vm), "<value><int>1</int></value>", Text("x")))["Status"].Value, Is.EqualTo("Failure"));
    }

    [Test]
    public void Events_carry_counts_of_32_bits_and_a_decimal_id_as_text()
    {
        var vm = _sim.Vm();
        Send("event.from", Text(_sim.Session), "<value><array><data><value>vm</value></data></array></value>", Text(""), "<value><double>60.1</double></value>");
        _sim.Pass(TimeSpan.FromSeconds(1));
        var answer = _sim.Answer(_id)!;
        var batch = Fields(Members(answer)["Value"]);
        var last = batch["events"].Element("array")!.Element("data")!.Elements("value").Select(Fields).Single(e => e["ref"].Value == vm);

        Assert.That(Fields(batch["valid_ref_counts"])["vm"].ToString(SaveOptions.DisableFormatting), Is.EqualTo("<value><i4>3</i4></value>"));
        Assert.That((last["class"].Value, last["operation"].Value, long.Parse(last["id"].Value) > 0), Is.EqualTo(("vm", "add", true)));
        Assert.That(Fields(last["snapshot"])["name_label"].Value, Is.EqualTo("vm"));
    }

    [Test]
    public void The_list_of_methods_is_bare_and_what_is_malformed_is_500()
    {
        var list = XDocument.Parse(Send("system.listMethods").Text).Root!.Element("params")!.Element("param")!.Element("value")!;

        Assert.That(list.Element("array")!.Element("data")!.Elements("value").Select(v => v.Value), Does.Contain("VM.get_all_records"));
        foreach (var wrong in new[] { "<methodCall>", "{}", "<methodCall><methodName>x</methodName><params><param/></params></methodCall>", "<!DOCTYPE a [<!ENTITY b \"c\">]><methodCall><methodName>&b;</methodName></methodCall>" })
            Assert.That(SendBody(wrong)!.Status, Is.EqualTo(500), wrong);
    }

    private SimAnswer Send(string method, params string[] values) => SendBody(
        $"<?xml version=\"1.0\"?><methodCall><methodName>{method}</methodName><params>{string.Concat(values.Select(v => $"<param>{v}</param>"))}</params></methodCall>")!;

    private SimAnswer? SendBody(string body) =>
        _sim.Core.Handle(new SimCall(++_id, "host-1", Encoding.UTF8.GetBytes(body), IsXml: true), _sim.Now).SingleOrDefault();

    private static string Text(string text) => $"<value>{text}</value>";

    private static Dictionary<string, XElement> Members(SimAnswer answer) => Fields(XDocument.Parse(answer.Text).Root!.Element("params")!.Element("param")!.Element("value")!);

    private static Dictionary<string, XElement> Fields(XElement value) =>
        value.Element("struct")!.Elements("member").ToDictionary(m => m.Element("name")!.Value, m => m.Element("value")!);
}
