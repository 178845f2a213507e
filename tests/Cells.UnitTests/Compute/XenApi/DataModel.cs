using System.Text.Json;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.XenApi;

/// <summary>The published XenAPI data model, when a folder <c>shared</c> lies beside one of the folders above the checkout.</summary>
internal sealed class DataModel
{
    private readonly JsonElement _model;

    private DataModel(JsonElement model) => _model = model;

    public static DataModel Require()
    {
        for (var folder = new DirectoryInfo(Repository.Root); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "shared", "xenapi", "datamodel.json");
            if (File.Exists(file))
                return new DataModel(JsonDocument.Parse(File.ReadAllText(file)).RootElement);
        }
        Assert.Ignore("No shared/xenapi/datamodel.json beside the checkout or above it: the published XenAPI data model is not compared.");
        throw new InvalidOperationException("Assert.Ignore returned.");
    }

    public IReadOnlyList<string> ErrorCodes =>
    [
        .. _model.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("code").GetString()!),
        .. _model.GetProperty("error_codes_without_published_parameters").EnumerateArray().Select(e => e.GetString()!),
    ];

    /// <summary>What any message of any class says it may raise.</summary>
    public IReadOnlyList<string> ErrorsOfMessages =>
    [
        .. _model.GetProperty("classes").EnumerateArray().SelectMany(c => c.GetProperty("messages").EnumerateArray())
            .SelectMany(m => m.GetProperty("errors").EnumerateArray()).Select(e => e.GetString()!).Distinct().Order(StringComparer.Ordinal),
    ];

    public JsonElement? Message(string className, string name) => Find(className, "messages", name);

    public JsonElement? Field(string className, string name) => Find(className, "fields", name);

    public IEnumerable<JsonElement> Fields(string className) => Members(className, "fields");

    private JsonElement? Find(string className, string members, string name)
    {
        foreach (var member in Members(className, members))
        {
            if (member.GetProperty("name").GetString() == name)
                return member;
        }
        return null;
    }

    private IEnumerable<JsonElement> Members(string className, string members) =>
        _model.GetProperty("classes").EnumerateArray().Where(c => c.GetProperty("name").GetString() == className).SelectMany(c => c.GetProperty(members).EnumerateArray());
}
