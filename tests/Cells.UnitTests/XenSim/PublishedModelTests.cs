using System.Text.Json;
using Cells.XenSim.Core.DataModel;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

/// <summary>Compares the committed table with the published data model, wherever that is at hand beside the project.</summary>
public sealed class PublishedModelTests
{
    private static readonly string[] Generated = ["get_all", "get_all_records", "get_record", "get_by_uuid", "get_by_name_label", "create", "destroy"];

    [Test]
    public void Every_field_of_every_served_class_is_as_published()
    {
        foreach (var (definition, published) in Classes())
        {
            var fields = published.GetProperty("fields").EnumerateArray().Select(f => (
                f.GetProperty("name").GetString()!, f.GetProperty("type").GetString()!, Access(f.GetProperty("qualifier").GetString()!), State(f)));
            Assert.That(definition.Fields.Select(f => (f.Name, TypeText(f.Type), f.Access, f.State)), Is.EqualTo(fields), definition.Name);
            foreach (var field in published.GetProperty("fields").EnumerateArray())
                Assert.That(definition.Field(field.GetProperty("name").GetString()!).Mandatory, Is.EqualTo(!HasMember(field, "default")), $"{definition.Name}.{field.GetProperty("name")}");
        }
    }

    [Test]
    public void Every_message_has_the_published_parameters_in_order_and_its_asynchronous_form()
    {
        foreach (var (definition, published) in Classes())
        {
            var messages = published.GetProperty("messages").EnumerateArray().Where(m => !m.GetProperty("implicit").GetBoolean()).ToList();
            Assert.That(definition.Messages.Select(m => m.Name), Is.EqualTo(messages.Select(m => m.GetProperty("name").GetString())), definition.Name);
            foreach (var (message, theirs) in definition.Messages.Zip(messages))
            {
                var parameters = theirs.GetProperty("params").EnumerateArray().Where(p => p.GetProperty("name").GetString() != "session_id")
                    .Select(p => (p.GetProperty("name").GetString()!, TypeText(XapiType.Parse(p.GetProperty("type").GetString()!)), !p.GetProperty("required").GetBoolean()));
                Assert.That(message.Params.Select(p => (p.Name, TypeText(p.Type), p.Optional)), Is.EqualTo(parameters), $"{definition.Name}.{message.Name}");
                Assert.That((message.HasAsync, message.State), Is.EqualTo((theirs.GetProperty("async").GetBoolean(), State(theirs))), $"{definition.Name}.{message.Name}");
            }
        }
    }

    [Test]
    public void Generated_messages_are_exactly_the_implicit_ones()
    {
        foreach (var (definition, published) in Classes())
        {
            var implicitOnes = published.GetProperty("messages").EnumerateArray().Where(m => m.GetProperty("implicit").GetBoolean())
                .ToDictionary(m => m.GetProperty("name").GetString()!, m => m.GetProperty("async").GetBoolean());
            var expected = implicitOnes.Where(m => Generated.Contains(m.Key)).Select(m => m.Key + (m.Value ? "*" : "")).Order(StringComparer.Ordinal);
            Assert.That(definition.Generated, Is.EqualTo(expected), definition.Name);
            foreach (var name in implicitOnes.Keys)
                Assert.That(Cells.XenSim.Core.Calls.MethodTable.Instance.Find($"{definition.Name}.{name}"), Is.Not.Null, $"{definition.Name}.{name}");
        }
    }

    [Test]
    public void Without_the_published_model_the_table_still_stands()
    {
        Assert.That(PublishedModel.Classes, Has.Count.EqualTo(29));
        Assert.That(PublishedModel.Class("VM").Fields, Has.Count.EqualTo(92));
        Assert.That(PublishedModel.CanonicalEnumValue("vdi_type", "USER"), Is.EqualTo("user"));
        Assert.That(PublishedModel.CanonicalEnumValue("vdi_type", "cake"), Is.Null);
    }

    private static List<(ClassDef Definition, JsonElement Published)> Classes()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Shared(), "datamodel.json")));
        var published = document.RootElement.Clone().GetProperty("classes").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);
        return PublishedModel.Classes.Select(c => (c, published[c.Name])).ToList();
    }

    private static string Shared()
    {
        for (var at = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); at is not null; at = at.Parent)
        {
            var candidate = Path.Combine(at.FullName, "shared", "xenapi");
            if (File.Exists(Path.Combine(candidate, "datamodel.json"))) return candidate;
        }
        Assert.Ignore("shared/xenapi/datamodel.json is not beside any parent folder: the table was not compared with the published model");
        return "";
    }

    private static bool HasMember(JsonElement element, string member) => element.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null;

    private static FieldAccess Access(string qualifier) => qualifier switch { "RW" => FieldAccess.ReadWrite, "StaticRO" => FieldAccess.Static, _ => FieldAccess.ReadOnly };

    private static Lifecycle State(JsonElement element) => Enum.Parse<Lifecycle>(element.GetProperty("state").GetString()!, ignoreCase: true);

    private static string TypeText(XapiType type) => type.Kind switch
    {
        XapiKind.Enum => $"enum {type.Name}",
        XapiKind.Ref => $"{type.Name} ref",
        XapiKind.Record => $"{type.Name} record",
        _ => type.Name,
    };
}
