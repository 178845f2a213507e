using System.Globalization;
using System.Reflection;
using System.Text;
using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.XenApi;

/// <summary>Our dependence on the XenAPI: the table of calls, the code that makes them, the page for readers and the published model agree.</summary>
public sealed class XenCallsTests
{
    [Test]
    public void The_table_lists_each_call_once_and_leaves_none_out()
    {
        var declared = typeof(XenCalls).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Where(f => f.FieldType == typeof(XenCall))
            .Select(f => (XenCall)f.GetValue(null)!);

        Assert.That(XenCalls.All, Is.EquivalentTo(declared));
        Assert.That(XenCalls.All.Select(c => c.Name), Is.Unique);
    }

    [Test]
    public void Each_request_sends_as_many_parameters_as_its_call_has()
    {
        var wrong = Requests().Where(r => r.Arguments + (r.Call.TakesSession ? 1 : 0) != r.Call.Parameters).Select(r => $"{r.Method}: {r.Arguments}");

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Each_call_of_the_table_is_made_by_some_request() =>
        Assert.That(XenCalls.All.Except(Requests().Select(r => r.Call)).Select(c => c.Name), Is.Empty);

    [Test]
    public void Each_call_is_published_as_the_table_says()
    {
        var model = DataModel.Require();

        foreach (var call in XenCalls.All.Where(c => c.Since != "hidden"))
        {
            var message = model.Message(call.Class, call.Method);
            Assert.That(message, Is.Not.Null, $"{call} is not published");
            var parameters = message!.Value.GetProperty("params").EnumerateArray().ToList();
            // Later releases add parameters that may be left out; earlier ones refuse them.
            Assert.That(call.Parameters, Is.InRange(parameters.Count(p => p.GetProperty("required").GetBoolean()), parameters.Count), $"{call}: parameters");
            Assert.That(message.Value.GetProperty("since").GetString(), Is.EqualTo(call.Since), $"{call}: release");
            Assert.That(message.Value.GetProperty("async").GetBoolean(), Is.EqualTo(call.HasAsync), $"{call}: Async form");
            Assert.That(message.Value.GetProperty("state").GetString(), Is.EqualTo("published"), $"{call}: state");
            Assert.That(
                parameters.Count > 0 && parameters[0].GetProperty("name").GetString() == "session_id", Is.EqualTo(call.TakesSession), $"{call}: session");
        }
    }

    [Test]
    public void Calls_said_to_be_hidden_are_not_published()
    {
        var model = DataModel.Require();

        Assert.That(XenCalls.All.Where(c => c.Since == "hidden" && model.Message(c.Class, c.Method) is not null).Select(c => c.Name), Is.Empty);
    }

    [Test]
    public void Each_field_we_read_is_published_with_its_type()
    {
        var model = DataModel.Require();

        foreach (var (className, name, type) in Fields())
        {
            var field = model.Field(className, name);
            Assert.That(field, Is.Not.Null, $"{className}.{name} is not published");
            Assert.That(field!.Value.GetProperty("type").GetString(), Is.EqualTo(type), $"{className}.{name}");
        }
    }

    [Test]
    public void New_objects_set_every_mandatory_field_and_only_fields_that_may_be_set()
    {
        var model = DataModel.Require();
        var none = new SortedDictionary<string, string>();
        var records = new (string Class, SortedDictionary<string, object> Record)[]
        {
            ("VM", new NewVm("", "", 1, 1, none).ToRecord()),
            ("VDI", new NewVdi("", "", default, 1, none).ToRecord()),
            ("VBD", new NewVbd(default, default, "0", true, none).ToRecord()),
            ("VIF", new NewVif(default, default, "0", "", none).ToRecord()),
        };

        foreach (var (className, record) in records)
        {
            foreach (var name in record.Keys)
                Assert.That(model.Field(className, name)?.GetProperty("qualifier").GetString(), Is.EqualTo("RW").Or.EqualTo("StaticRO"), $"{className}.{name}");
            var mandatory = model.Fields(className)
                .Where(f => f.GetProperty("qualifier").GetString() is "RW" or "StaticRO" && !f.TryGetProperty("default", out _))
                .Select(f => f.GetProperty("name").GetString()!);
            Assert.That(mandatory.Except(record.Keys), Is.Empty, $"{className}: mandatory fields that are not set");
        }
    }

    [Test]
    public void Every_published_error_that_our_calls_name_is_known_to_be_a_no_or_a_not_now()
    {
        var model = DataModel.Require();
        var named = XenCalls.All
            .Where(c => c.Since != "hidden")
            .SelectMany(c => model.Message(c.Class, c.Method)!.Value.GetProperty("errors").EnumerateArray())
            .Select(e => e.GetString()!)
            .Distinct();

        Assert.That(named.Where(code => FailureKinds.Of(code) == FailureKind.Unknown), Is.Empty);
    }

    /// <summary>Calls that are not made yet too: what a published message says it may raise is judged, not left to chance.</summary>
    [Test]
    public void Every_error_that_any_published_message_names_is_judged()
    {
        var named = DataModel.Require().ErrorsOfMessages;

        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Where(IsUnjudged), Is.Empty);
    }

    [Test]
    public void Every_error_that_the_simulator_raises_is_judged()
    {
        var raised = Directory.GetFiles(Path.Combine(Repository.Root, "Cells.XenSim"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(file), "XapiFailure\\(\"([A-Z_0-9]+)\"").Select(m => m.Groups[1].Value))
            .Distinct().ToList();

        Assert.That(raised, Has.Count.GreaterThan(50));
        Assert.That(raised.Where(IsUnjudged), Is.EqualTo(new[] { "Fault" }).Or.Empty, "'Fault' is JSON for a call without an asynchronous form");
    }

    /// <summary>Unknown is a judgement where it is named, and chance where it is not.</summary>
    private static bool IsUnjudged(string code) => FailureKinds.Of(code) == FailureKind.Unknown && !FailureKinds.NamedCodes.Contains(code);

    [TestCase("CANNOT_CONTACT_HOST", FailureKind.Retry)]
    [TestCase("HOST_STILL_BOOTING", FailureKind.Retry)]
    [TestCase("HOST_UNKNOWN_TO_MASTER", FailureKind.Retry)]
    [TestCase("HOST_DISABLED", FailureKind.Refuse)]
    [TestCase("HOST_NOT_ENOUGH_FREE_MEMORY", FailureKind.Refuse)]
    [TestCase("SR_BACKEND_FAILURE_46", FailureKind.Refuse)]
    [TestCase("TASK_CANCELLED", FailureKind.Unknown)]
    public void Codes_of_pools_and_hosts(string code, FailureKind expected) => Assert.That(FailureKinds.Of(code), Is.EqualTo(expected));

    [Test]
    public void Every_error_we_name_is_published() =>
        Assert.That(FailureKinds.NamedCodes.Except(DataModel.Require().ErrorCodes), Is.Empty);

    [Test]
    public void Errors_are_told_apart_by_what_to_do()
    {
        Assert.That(FailureKinds.Of("SESSION_INVALID"), Is.EqualTo(FailureKind.Relogin));
        Assert.That(FailureKinds.Of("HOST_IS_SLAVE"), Is.EqualTo(FailureKind.Redirect));
        Assert.That(FailureKinds.Of("OTHER_OPERATION_IN_PROGRESS"), Is.EqualTo(FailureKind.Retry));
        Assert.That(FailureKinds.Of("SR_BACKEND_FAILURE_44"), Is.EqualTo(FailureKind.Refuse));
        Assert.That(FailureKinds.Of("INTERNAL_ERROR"), Is.EqualTo(FailureKind.Unknown));
        Assert.That(FailureKinds.Of("SOMETHING_OF_2031"), Is.EqualTo(FailureKind.Unknown));
    }

    [Test]
    public void The_page_for_readers_says_what_the_code_does()
    {
        var file = Path.Combine(Repository.Root, "Cells.Compute", "XenApi", "calls.md");
        var page = Page();

        Assert.That(File.Exists(file) ? File.ReadAllText(file) : "", Is.EqualTo(page), $"{file} is out of date. It should be:\n{page}");
    }

    private static string Page()
    {
        var page = new StringBuilder("""
            # What we use of the XenAPI

            Every message we send and every field we read; a test holds this page against the code, and both against the published data model where
            that is present. *Parameters* count the session. *Effect*: a lost answer of a call that reads is asked again, one of a call that changes is
            an unknown outcome. Hidden messages are not in the published model, but every host has them.

            | message | parameters | effect | since | Async form |
            |---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var call in XenCalls.All)
            page.Append(CultureInfo.InvariantCulture, $"| {call.Name} | {call.Parameters} | {call.Effect.ToString().ToLowerInvariant()} | {call.Since} | {(call.HasAsync ? "yes" : "no")} |\n");
        page.Append("\n| field | type |\n|---|---|\n");
        foreach (var (className, name, type) in Fields())
            page.Append(CultureInfo.InvariantCulture, $"| {className}.{name} | {type} |\n");
        return page.ToString();
    }

    private static IReadOnlyList<(string Class, string Name, string Type)> Fields() =>
    [
        .. FieldsOf<Pool>(), .. FieldsOf<Cells.Compute.XenApi.Host>(), .. FieldsOf<HostMetrics>(), .. FieldsOf<Sr>(), .. FieldsOf<Pbd>(), .. FieldsOf<Network>(), .. FieldsOf<Pif>(),
        .. FieldsOf<Vm>(), .. FieldsOf<VmMetrics>(), .. FieldsOf<Vdi>(), .. FieldsOf<Vbd>(), .. FieldsOf<Vif>(), .. FieldsOf<XenTask>(),
    ];

    private static IEnumerable<(string Class, string Name, string Type)> FieldsOf<T>() where T : IXenRecord<T> =>
        FieldProbe.FieldsOf<T>().Select(f => (T.ClassName, f.Name, f.Type));

    /// <summary>Every static method of the assembly that makes a request, called with empty values.</summary>
    private static List<(string Method, XenCall Call, int Arguments)> Requests()
    {
        var found = new List<(string, XenCall, int)>();
        foreach (var type in typeof(XenCalls).Assembly.GetTypes().Where(t => t.Namespace == typeof(XenCalls).Namespace && t.Name != "Generated" && !t.ContainsGenericParameters))
        {
            foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                var returned = method.ReturnType;
                if (!returned.IsGenericType || returned.GetGenericTypeDefinition() != typeof(XenRequest<>) || method.Name.Contains('<'))
                    continue;
                var made = method.IsGenericMethodDefinition ? method.MakeGenericMethod(typeof(Pool)) : method;
                dynamic request = made.Invoke(null, [.. made.GetParameters().Select(p => Empty(p.ParameterType))])!;
                found.Add(($"{type.Name}.{method.Name}", (XenCall)request.Call, ((IReadOnlyList<object>)request.Arguments).Count));
            }
        }
        return found;
    }

    private static object Empty(Type type) =>
        type == typeof(string) ? ""
        : type == typeof(XenWhere) ? XenWhere.FieldIs("uuid", "")
        : type == typeof(NewVm) ? new NewVm("", "", 1, 1, new SortedDictionary<string, string>())
        : type == typeof(NewVdi) ? new NewVdi("", "", default, 1, new SortedDictionary<string, string>())
        : type == typeof(NewVbd) ? new NewVbd(default, default, "0", true, new SortedDictionary<string, string>())
        : type == typeof(NewVif) ? new NewVif(default, default, "0", "", new SortedDictionary<string, string>())
        : type == typeof(IReadOnlyList<string>) ? Array.Empty<string>()
        : type == typeof(IReadOnlyDictionary<string, string>) ? new SortedDictionary<string, string>()
        : Activator.CreateInstance(type)!;
}
