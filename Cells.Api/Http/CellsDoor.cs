using System.Globalization;
using System.Text.Json;
using Cells.Api.Dispatch;
using Cells.Api.Identity;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Npgsql;

namespace Cells.Api.Http;

/// <summary>
/// What every request passes on its way to a handler: request id, microversion, token, body; and what every answer passes on its way out: the
/// service's form of errors and the headers that clients count on.
/// </summary>
internal sealed class CellsDoor(TokenVerifier tokens, IIdSource ids, HomeOptions options, ILogger logger, CancellationToken closing)
{
    private const int MaximumBodyBytes = 1024 * 1024;
    private static readonly JsonDocumentOptions BodyOptions = new() { MaxDepth = 32 };

    /// <param name="methods">The routes of this path, by method.</param>
    /// <param name="negotiates">Whether a microversion is read and answered: the compute API but not its version documents.</param>
    public async Task AnswerAsync(HttpContext http, ApiService service, IReadOnlyDictionary<string, ApiRoute> methods, bool negotiates)
    {
        var requestId = "req-" + ids.NewGuid().ToString("D");
        var (result, version) = await JudgeAsync(http, methods, negotiates, requestId);
        await WriteAsync(http, service, result, requestId, negotiates ? version : null);
    }

    private async Task<(ApiResult Result, Microversion? Version)> JudgeAsync(
        HttpContext http, IReadOnlyDictionary<string, ApiRoute> methods, bool negotiates, string requestId)
    {
        Microversion? version = null;
        try
        {
            var request = http.Request;
            string? Header(string name) => request.Headers[name] is [{ } value, ..] ? value : null;
            if (methods.Count == 0)
                return (ApiResult.NotFound("The resource could not be found."), null);

            var (negotiated, refused) = negotiates ? Microversion.Negotiate(Header) : (Microversion.Minimum, null);
            version = refused is null ? negotiated : null;

            if (!methods.TryGetValue(request.Method == "HEAD" ? "GET" : request.Method, out var route))
                return (ApiResult.Refuse(405, $"The method {request.Method} is not allowed for this resource.").With("Allow", string.Join(", ", methods.Keys.Order(StringComparer.Ordinal))), version);

            var token = route.Access == Access.Anyone ? null : await tokens.VerifyAsync(Header("X-Auth-Token"), http.RequestAborted);
            if (route.Access != Access.Anyone && token is null)
                return (ApiResult.Unauthorized().With("WWW-Authenticate", $"Keystone uri=\"{options.BaseUrl}/identity\""), version);
            if (refused is not null)
                return (refused, null);
            if (!route.IsThereIn(negotiated))
                return (ApiResult.NotFound("The resource could not be found."), version);
            if (token is not null && Refusal(route.Access, token) is { } forbidden)
                return (forbidden, version);

            var path = Variables(request);
            if (path.TryGetValue("url_project", out var project) && project != token?.Project?.Id.ToString())
                return (ApiResult.BadRequest(
                    $"Malformed request URL: URL's project_id '{project}' doesn't match Context's project_id '{token?.Project?.Id}'"), version);

            if (negotiated.Has(75) && route.Query is { } known && request.Query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } odd)
                return (ApiResult.BadRequest($"Invalid input for query parameters. Additional properties are not allowed ('{odd}' was unexpected)"), version);

            return (await HandleAsync(http, route, path, token, requestId, negotiated, Header), version);
        }
        catch (BadHttpRequestException error)
        {
            return (error.StatusCode == 413 ? TooLarge() : ApiResult.Refuse(error.StatusCode, $"Malformed request: {error.Message}"), version);
        }
        catch (AskTimeoutException error)
        {
            HomeTelemetry.CellUnanswered(logger, http.Request.Method, http.Request.Path, requestId, error);
            return (ApiResult.Unavailable(
                "The cell has not answered in time. Whether the request was accepted is not known: look before you ask again.", Unavailable.RetryAfter), version);
        }
        catch (NotLeading error)
        {
            return (ApiResult.Unavailable(error.Message, Unavailable.RetryAfter), version);
        }
        catch (NothingWritten error)
        {
            HomeTelemetry.DatabaseUnavailable(logger, http.Request.Path, error);
            return (Unavailable.Result(error.Outcome), version);
        }
        catch (NpgsqlException error) when (Unavailable.IsAway(error))
        {
            HomeTelemetry.DatabaseUnavailable(logger, http.Request.Path, error);
            return (Unavailable.NotRead(), version);
        }
        catch (Exception error) when (error is not OperationCanceledException || !http.RequestAborted.IsCancellationRequested)
        {
            HomeTelemetry.RequestFailed(logger, http.Request.Method, http.Request.Path, requestId, error);
            return (ApiResult.Refuse(500, $"Unexpected API Error. Please report this with the request id {requestId}."), version);
        }
    }

    private static ApiResult? Refusal(Access access, Token token) => access switch
    {
        Access.Project when token.Project is null => ApiResult.Forbidden("This needs a token that is scoped to a project."),
        Access.Admin when !token.Roles.Any(role => role.Name == "admin") => ApiResult.Forbidden("Policy doesn't allow this to be performed: it needs the role admin."),
        _ => null,
    };

    private static async Task<ApiResult> HandleAsync(
        HttpContext http, ApiRoute route, IReadOnlyDictionary<string, string> path, Token? token, string requestId, Microversion version,
        Func<string, string?> header)
    {
        var request = http.Request;
        var limit = http.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false })
            limit.MaxRequestBodySize = route.Body == BodyShape.Raw ? null : BoundedBody.Discarded;

        if (MediaTypeRefusal(route.Body, request) is { } unsupported)
            return unsupported;
        var isJson = route.Body is BodyShape.Json or BodyShape.JsonPatch;
        var bytes = isJson ? await BoundedBody.ReadAsync(request.Body, MaximumBodyBytes, http.RequestAborted) : default;
        if (isJson && bytes is null)
            return TooLarge();
        using var body = bytes is { } text ? Parse(text) : null;
        if (isJson && body is null)
            return ApiResult.BadRequest("Malformed request body: it is not JSON, or nested more than 32 levels deep.");
        if (body is not null && !StorableText.Holds(body.RootElement))
            return ApiResult.BadRequest($"Malformed request body: {StorableText.Refusal}");
        if (!request.Query.All(pair => StorableText.Is(pair.Key) && pair.Value.All(value => StorableText.Is(value ?? ""))))
            return ApiResult.BadRequest($"Malformed request URL: {StorableText.Refusal}");

        var context = token is null ? null : new RequestContext(
            token.User.Id, token.Project?.Id, [.. token.Roles.Select(role => role.Name)], requestId, System.Diagnostics.Activity.Current?.Id)
        {
            Version = version,
        };
        if (context is not null && route.RefusalBy(context) is { } refused)
            return refused;
        var items = request.Query.SelectMany(pair => pair.Value, (pair, value) => new KeyValuePair<string, string>(pair.Key, value ?? ""));
        return await route.Handle(
            new ApiRequest(requestId, request.Path, path, new Query([.. items]), header, token, context,
                body?.RootElement ?? default, route.Body == BodyShape.Raw ? request.Body : null),
            http.RequestAborted);
    }

    private static ApiResult? MediaTypeRefusal(BodyShape shape, HttpRequest request)
    {
        if (shape == BodyShape.None || (request.ContentType is null && shape == BodyShape.Json))
            return null;
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.Value : null;
        var known = shape switch
        {
            BodyShape.Json => type is "application/json",
            BodyShape.JsonPatch => type is "application/openstack-images-v2.1-json-patch" or "application/openstack-images-v2.0-json-patch",
            _ => type is "application/octet-stream",
        };
        return known ? null : ApiResult.Refuse(415, $"Unsupported Content-Type: '{request.ContentType}'.");
    }

    private static ApiResult TooLarge() => ApiResult.Refuse(413, $"The request is too large: at most {MaximumBodyBytes} bytes.");

    private static JsonDocument? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text, BodyOptions);
        }
        catch (JsonException)
        {
            return null;   // the caller says 400
        }
    }

    private static SortedDictionary<string, string> Variables(HttpRequest request)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.RouteValues)
            variables[name] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return variables;
    }

    private async Task WriteAsync(HttpContext http, ApiService service, ApiResult result, string requestId, Microversion? version)
    {
        var response = http.Response;
        response.StatusCode = result.Status;
        response.Headers["x-openstack-request-id"] = requestId;
        if (service == ApiService.Compute)
        {
            response.Headers["x-compute-request-id"] = requestId;
            response.Headers.Append("Vary", $"{Microversion.Header}, {Microversion.LegacyHeader}");
            if (version is { } answered)
            {
                response.Headers[Microversion.Header] = $"compute {answered}";
                response.Headers[Microversion.LegacyHeader] = answered.ToString();
            }
        }
        else if (service == ApiService.Identity)
        {
            response.Headers.Append("Vary", "X-Auth-Token");
        }
        foreach (var (name, value) in result.Headers)
            response.Headers.Append(name, value);

        if (result.File is { } file)
        {
            await Results.File(file.Path, file.MediaType, enableRangeProcessing: true).ExecuteAsync(http);
            return;
        }
        if (result.Stream is { } stream)
        {
            response.ContentType = stream.MediaType;
            response.Headers.CacheControl = "no-store";
            // A stream is slow when nothing happens; who reads slowly is judged by who writes it.
            if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
                rate.MinDataRate = null;
            await response.StartAsync(http.RequestAborted);
            await stream.WriteAsync(response.Body, closing, http.RequestAborted);
            return;
        }
        var body = result.IsRefusal ? ApiErrors.Body(service, result) : result.Body;
        if (body.IsEmpty)
            return;
        response.ContentType = service == ApiService.Compute ? "application/json; charset=UTF-8" : "application/json";
        response.ContentLength = body.Length;
        if (http.Request.Method != "HEAD")
            await response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }
}
