using System.Text.Json;

namespace Cells.Api.Http;

/// <summary>The body of a refusal, in the form that the clients of each service read.</summary>
internal static class ApiErrors
{
    public static ReadOnlyMemory<byte> Body(ApiService service, ApiResult refusal) => ApiResult.Json(refusal.Status, w =>
    {
        w.WriteStartObject();
        if (service == ApiService.Compute)
            WriteNova(w, refusal);
        else if (service == ApiService.Network)
            WriteNeutron(w, refusal);
        else
            WriteKeystone(w, refusal);
        w.WriteEndObject();
    }).Body;

    /// <summary>403, as each service words it.</summary>
    /// <param name="action">The policy's name for it, without the service's own prefix.</param>
    public static ApiResult NotAllowed(ApiService service, string action) => ApiResult.Forbidden(service switch
    {
        ApiService.Compute => $"Policy doesn't allow os_compute_api:{action} to be performed.",
        ApiService.Network => $"(rule:{action}) is disallowed by policy",
        ApiService.Image => $"You are not authorized to complete {action} action.",
        _ => $"You are not authorized to perform the requested action: {action}.",
    });

    /// <summary>Nova's names (nova/api/openstack/wsgi.py, Fault); a code without a name of its own is a computeFault.</summary>
    public static string NovaName(int status) => status switch
    {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 or 429 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    };

    private static void WriteNova(Utf8JsonWriter w, ApiResult refusal)
    {
        w.WriteStartObject(NovaName(refusal.Status));
        w.WriteNumber("code", refusal.Status);
        w.WriteString("message", refusal.Message);
        if (refusal.Status is 413 or 429 && refusal.Headers.FirstOrDefault(header => header.Key == "Retry-After").Value is { } after)
            w.WriteString("retryAfter", after);
        w.WriteEndObject();
    }

    private static void WriteNeutron(Utf8JsonWriter w, ApiResult refusal)
    {
        w.WriteStartObject("NeutronError");
        w.WriteString("type", Title(refusal.Status).Replace(" ", "", StringComparison.Ordinal));
        w.WriteString("message", refusal.Message);
        w.WriteString("detail", "");
        w.WriteEndObject();
    }

    private static void WriteKeystone(Utf8JsonWriter w, ApiResult refusal)
    {
        w.WriteStartObject("error");
        w.WriteNumber("code", refusal.Status);
        w.WriteString("message", refusal.Message);
        w.WriteString("title", Title(refusal.Status));
        w.WriteEndObject();
    }

    private static string Title(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
}
