using System.Text.Json;
using System.Text.Json.Serialization;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;
using Microsoft.AspNetCore.Http;

namespace Cells.XenSim.Http;

/// <summary>
/// The simulator's own door, on a listener of its own: no host has these paths.
/// GET /_sim/hosts, GET /_sim/accounting, POST /_sim/faults[?host=name] with a <see cref="SimFault"/> as JSON.
/// </summary>
internal sealed class ControlDoor(XenSimFleet fleet)
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    public Task HandleAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("GET", "/_sim/hosts") => context.Response.WriteAsJsonAsync(fleet.Hosts, Json, context.RequestAborted),
        ("GET", "/_sim/accounting") => context.Response.WriteAsJsonAsync(fleet.Account(), Json, context.RequestAborted),
        ("POST", "/_sim/faults") => InjectAsync(context),
        _ => RefuseAsync(context, 404, "known here are GET /_sim/hosts, GET /_sim/accounting and POST /_sim/faults"),
    };

    private async Task InjectAsync(HttpContext context)
    {
        try
        {
            var fault = await context.Request.ReadFromJsonAsync<SimFault>(Json, context.RequestAborted)
                ?? throw new JsonException("the body is empty");
            fleet.Inject(fault, context.Request.Query["host"].FirstOrDefault());
            context.Response.StatusCode = 204;
        }
        catch (Exception error) when (error is JsonException or ArgumentException or NotSupportedException)
        {
            await RefuseAsync(context, 400, error.Message);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { error = reason }, Json, context.RequestAborted);
    }
}
