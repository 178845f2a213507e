using System.Text.Json;

namespace Cells.Api.Http;

/// <summary>One request as a route's adapter sees it: what HTTP said, parsed no further than its own syntax.</summary>
/// <param name="Route">Values of the path's variables.</param>
/// <param name="Token">The verified token; null on routes for anyone.</param>
/// <param name="Body">The parsed body; undefined on routes without a JSON body.</param>
/// <param name="Content">The body's bytes, on routes that take raw bytes; else null.</param>
public sealed record ApiRequest(
    string RequestId,
    string Path,
    IReadOnlyDictionary<string, string> Route,
    Query Query,
    Func<string, string?> Header,
    Identity.Token? Token,
    RequestContext? Context,
    JsonElement Body,
    Stream? Content)
{
    /// <summary>On routes that need a token.</summary>
    public RequestContext Caller => Context ?? throw new InvalidOperationException($"The route of {Path} takes requests without a token: it has no caller.");
}
