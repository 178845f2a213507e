using System.Text.Json;
using Cells.Compute.XenApi;

namespace Cells.UnitTests.Compute.XenApi;

/// <summary>A wire that answers what the test says and keeps what was sent. Its tasks are complete at once.</summary>
internal sealed class ScriptedWire : IXapiWire
{
    private readonly Queue<Func<JsonElement, string>> _answers = [];

    public HostAddress Address { get; } = HostAddress.Parse("http://10.0.0.1:8080");

    public List<JsonElement> Sent { get; } = [];

    /// <summary>The whole answer, as text; {id} stands for the request's.</summary>
    public ScriptedWire Answers(string text)
    {
        _answers.Enqueue(request => text.Replace("{id}", request.GetProperty("id").GetRawText(), StringComparison.Ordinal));
        return this;
    }

    public ScriptedWire Succeeds(string result) => Answers("""{"jsonrpc":"2.0","result":""" + result + ""","id":{id}}""");

    public ScriptedWire Refuses(string code, params string[] parameters) => Answers(
        """{"jsonrpc":"2.0","error":{"code":1,"message":""" + JsonSerializer.Serialize(code)
        + ""","data":""" + JsonSerializer.Serialize(parameters) + """},"id":{id}}""");

    public ScriptedWire Fails(Exception error)
    {
        _answers.Enqueue(_ => throw error);
        return this;
    }

    public Task<string> CallAsync(string text, TimeSpan timeout, CancellationToken stop)
    {
        using var document = JsonDocument.Parse(text);
        Sent.Add(document.RootElement.Clone());
        try
        {
            return Task.FromResult(_answers.Dequeue()(Sent[^1]));
        }
        catch (XenApiException error)
        {
            return Task.FromException<string>(error);
        }
    }

    public Task PutAsync(string pathAndQuery, IByteSource body, TimeSpan timeout, CancellationToken stop) =>
        throw new InvalidOperationException("No test of this wire puts.");

    public IAsyncEnumerable<ReadOnlyMemory<byte>> GetAsync(string pathAndQuery, TimeSpan timeout, CancellationToken stop) =>
        throw new InvalidOperationException("No test of this wire gets.");
}
