using System.Text.Json;
using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class StorableTextTests
{
    [TestCase("""{"server": {"name": "a", "metadata": {"k": "v"}, "list": [1, null, "\ud83d\ude00"]}}""")]
    [TestCase("[]")]
    public void Ordinary_documents_can_be_stored(string json) => Assert.That(Holds(json), Is.True);

    [TestCase("""{"server": {"metadata": {"k": "a\u0000b"}}}""")]
    [TestCase("""{"server": {"metadata": {"k\u0000": "v"}}}""")]
    [TestCase("""{"tags": ["a", "\ud800"]}""")]
    [TestCase("""{"\udc00": 1}""")]
    public void Nul_and_half_a_surrogate_pair_cannot_wherever_they_stand(string json) => Assert.That(Holds(json), Is.False);

    private static bool Holds(string json)
    {
        using var document = JsonDocument.Parse(json);
        return StorableText.Holds(document.RootElement);
    }
}
