using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>os-getConsoleOutput and GET /servers/{id}/diagnostics over real HTTP: what a cell below says becomes Nova's answers.</summary>
public sealed class ServerQuestionTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _token = "", _id = "";

    private InstanceId Instance => new(Guid.Parse(_id));

    [SetUp]
    public async Task Begin()
    {
        (_, _, _token) = await Home.NewProjectAsync();
        var created = await Home.CreateServerAsync(_token, "web", await Home.NewFlavorAsync(), await Home.NewImageAsync());
        _id = created.Json.GetProperty("server").GetProperty("id").GetString()!;
    }

    [TestCase("null", null)]
    [TestCase("{}", null)]
    [TestCase("""{"length": null}""", null)]
    [TestCase("""{"length": -1}""", null)]
    [TestCase("""{"length": 20}""", 20)]
    [TestCase("""{"length": "20"}""", 20)]
    public async Task A_console_log_is_asked_with_its_length_and_given(string body, int? lines)
    {
        await Home.ReportAsync(_id, VmState.Active);
        AskInstance? asked = null;
        Home.Dispatch.Says[Instance] = question => Told((asked = question), ToldOutcome.Told, null, "login: ");

        var answer = await ConsoleAsync(body);

        Assert.That((answer.Status, answer.Json.GetProperty("output").GetString()), Is.EqualTo((200, "login: ")), answer.ToString());
        Assert.That((asked!.About, asked.Lines), Is.EqualTo((InstanceQuestion.ConsoleLog, lines)));
    }

    [TestCase(ToldOutcome.NoConsole, 404, "Guest does not have a console available.")]
    [TestCase(ToldOutcome.NotReady, 409, "Instance {0} is not ready")]
    [TestCase(ToldOutcome.NotSupported, 501, "why")]
    [TestCase(ToldOutcome.Away, 503, "why")]
    public async Task What_cannot_be_told_is_said_in_Nova_s_words(ToldOutcome outcome, int status, string message)
    {
        await Home.ReportAsync(_id, VmState.Active);
        Home.Dispatch.Says[Instance] = question => Told(question, outcome, "why");

        var answer = await ConsoleAsync("{}");

        Assert.That((answer.Status, answer.Message), Is.EqualTo((status, message.Replace("{0}", _id, StringComparison.Ordinal))));
    }

    [Test]
    public async Task A_cell_that_does_not_answer_is_503_with_the_time_that_was_waited()
    {
        await Home.ReportAsync(_id, VmState.Active);
        Home.Dispatch.Says[Instance] = _ => new DispatchOutcome.Silent(TimeSpan.FromSeconds(15));

        var answer = await ConsoleAsync("{}");

        Assert.That((answer.Status, answer.Message), Is.EqualTo((503, $"Timed out waiting for a reply: the cell that holds instance {_id} has not answered within 15 s.")));
        Assert.That(answer.Header("Retry-After"), Is.Not.Null);
    }

    [Test]
    public async Task Before_it_has_a_host_and_for_readers_and_strangers_nobody_is_asked()
    {
        Assert.That((await ConsoleAsync("{}")).Status, Is.EqualTo(409), "no host yet");

        await Home.ReportAsync(_id, VmState.Active);
        Home.Dispatch.Says[Instance] = _ => throw new InvalidOperationException("nobody was to be asked");
        var (_, _, stranger) = await Home.NewProjectAsync();
        Assert.That((await Home.SendAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"os-getConsoleOutput": {}}""", stranger)).Status, Is.EqualTo(404));
        Assert.That((await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}/diagnostics", null, _token)).Status, Is.EqualTo(403), "diagnostics are an admin's");
    }

    [Test]
    public async Task Diagnostics_have_Nova_s_one_form_from_2_48_and_the_driver_s_before()
    {
        await Home.ReportAsync(_id, VmState.Active);
        Home.Dispatch.Says[Instance] = question => new DispatchOutcome.Told(new InstanceTold(
            question.Instance, 1, question.Question, ToldOutcome.Told, null, null,
            new InstanceDiagnostics("running", 61, 2, 1, ["fa:16:3e:00:00:01"], 512, 500, "XenServer 8.4.0")));

        var standard = (await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}/diagnostics", null, ("OpenStack-API-Version", "compute 2.48"))).Json;
        var map = (await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}/diagnostics")).Json;

        Assert.That(standard.GetProperty("state").GetString(), Is.EqualTo("running"));
        Assert.That((standard.GetProperty("uptime").GetInt64(), standard.GetProperty("num_cpus").GetInt32(), standard.GetProperty("num_disks").GetInt32(), standard.GetProperty("num_nics").GetInt32()),
            Is.EqualTo((61L, 2, 1, 1)));
        Assert.That(standard.GetProperty("memory_details").GetRawText(), Is.EqualTo("""{"maximum":512,"used":500}"""));
        Assert.That(standard.GetProperty("cpu_details").GetArrayLength(), Is.EqualTo(2));
        Assert.That(standard.GetProperty("nic_details")[0].GetProperty("mac_address").GetString(), Is.EqualTo("fa:16:3e:00:00:01"));
        Assert.That(map.GetProperty("memory").GetInt64(), Is.EqualTo(500L << 20));
    }

    [Test]
    public async Task Diagnostics_of_what_does_not_run_are_409()
    {
        await Home.ReportAsync(_id, VmState.Stopped);
        Home.Dispatch.Says[Instance] = question => Told(question, ToldOutcome.NotRunning, "shutdown");

        var answer = await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}/diagnostics");

        Assert.That((answer.Status, answer.Message), Is.EqualTo((409, $"Cannot 'get_diagnostics' instance {_id} while it is in power_state shutdown")));
    }

    private static DispatchOutcome.Told Told(AskInstance question, ToldOutcome outcome, string? reason, string? console = null) =>
        new(new InstanceTold(question.Instance, 1, question.Question, outcome, reason, console));

    private Task<Answer> ConsoleAsync(string body) =>
        Home.SendAsync("POST", $"/compute/v2.1/servers/{_id}/action", $$"""{"os-getConsoleOutput": {{body}}}""", _token);
}
