using System.Buffers;
using Cells.XenSim.Core;
using Cells.XenSim.Core.Calls;
using Microsoft.AspNetCore.Http;

namespace Cells.XenSim.Http;

/// <summary>What one host offers over HTTP. Handlers are chosen by the longest prefix of the path, as xapi does.</summary>
/// <param name="urls">Where each host of the fleet listens: a redirect names another member so.</param>
/// <param name="disks">The bytes of what was imported, of the whole fleet.</param>
internal sealed class HostSurface(string host, PoolGate gate, IReadOnlyDictionary<string, Uri> urls, DiskBytes disks)
{
    private static readonly string[] JsonPaths = ["/jsonrpc", "/json"];
    private const string ImportPath = "/import_raw_vdi", ExportPath = "/export_raw_vdi";

    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        var isJson = JsonPaths.Any(p => path.StartsWith(p, StringComparison.Ordinal));
        return context.Request.Method switch
        {
            "POST" => RpcAsync(context, isXml: !isJson),   // whatever no other handler has is below "/", which is XML-RPC's
            "OPTIONS" when isJson || path == "/" => Preflight(context),
            "GET" when path.StartsWith(ExportPath, StringComparison.Ordinal) => ExportAsync(context),
            "PUT" when path.StartsWith(ImportPath, StringComparison.Ordinal) => ImportAsync(context),
            _ => NotFoundAsync(context),
        };
    }

    private async Task RpcAsync(HttpContext context, bool isXml)
    {
        var body = await ReadBodyAsync(context.Request, context.RequestAborted);
        var answer = await gate.SendAsync(new SimCall(gate.NextId(), host, body, isXml), context.RequestAborted);
        if (answer.ConnectionLost)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        AllowAnyOrigin(context);
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    /// <summary>Reads one byte more than a host accepts, so that the core can refuse it.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, CancellationToken cancellation)
    {
        var limit = Dispatcher.BodyLimit + 1;
        var buffer = new byte[Math.Min(request.ContentLength ?? 8192, limit)];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                if (length == limit || length == request.ContentLength) break;
                Array.Resize(ref buffer, Math.Min(limit, Math.Max(8192, buffer.Length * 2)));
            }
            var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0) break;
            length += read;
        }
        return buffer.AsMemory(0, length);
    }

    /// <summary>The status goes out before the body is read; what becomes of the bytes is told in the task.</summary>
    private async Task ImportAsync(HttpContext context)
    {
        var request = context.Request;
        var id = gate.NextId();
        var head = await gate.SendAsync(new SimPutHead(id, host, request.Path + request.QueryString.Value, request.ContentLength,
            request.Cookies["session_id"]), context.RequestAborted);
        if (head.ConnectionLost)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = head.Status;
        context.Response.Headers.Connection = "close";
        if (head.MovedTo is { } member)
            context.Response.Headers.Location = new Uri(urls[member], request.Path + request.QueryString).ToString();
        if (head.Status != 200)
        {
            context.Response.ContentType = head.ContentType;
            await context.Response.Body.WriteAsync(head.Body, context.RequestAborted);
            return;
        }
        context.Response.Headers["task-id"] = head.TaskId;
        await context.Response.StartAsync(context.RequestAborted);
        // Read on when the client has hung up: it may have sent everything before it did.
        var (length, sha256, complete) = await disks.TakeAsync(request.Body);
        var answer = await gate.SendAsync(new SimPutBody(id, host, length, sha256, complete), CancellationToken.None);
        if (answer.ConnectionLost) context.Abort();
        else await context.Response.CompleteAsync();
    }

    /// <summary>The last bytes wait for the host's word, so that nobody has the whole of a disk from a host that died over it.</summary>
    private async Task ExportAsync(HttpContext context)
    {
        var request = context.Request;
        var id = gate.NextId();
        var head = await gate.SendAsync(new SimGetHead(id, host, request.Path + request.QueryString.Value, request.Cookies["session_id"]), context.RequestAborted);
        if (head.ConnectionLost)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = head.Status;
        context.Response.ContentType = head.ContentType;
        context.Response.Headers.Connection = "close";
        if (head.MovedTo is { } member)
            context.Response.Headers.Location = new Uri(urls[member], request.Path + request.QueryString).ToString();
        if (head.Export is not { } export)
        {
            await context.Response.Body.WriteAsync(head.Body, context.RequestAborted);
            return;
        }
        context.Response.Headers["task-id"] = head.TaskId;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{export.Uuid}.raw\"";
        var last = await SendAllButLastAsync(context, export);
        var answer = await gate.SendAsync(new SimGetEnd(id, host, Complete: last is not null), CancellationToken.None);
        if (last is null || answer.ConnectionLost) context.Abort();
        else await context.Response.Body.WriteAsync(last, CancellationToken.None);
    }

    /// <returns>What is still to be sent; null when the bytes are not to be had or the reader is gone.</returns>
    private async Task<byte[]?> SendAllButLastAsync(HttpContext context, SimExport export)
    {
        if (!disks.Has(export.Sha256)) return null;
        var last = Array.Empty<byte>();
        try
        {
            await foreach (var piece in disks.ReadAsync(export.Sha256, export.ContentLength, export.Length, context.RequestAborted))
            {
                await context.Response.Body.WriteAsync(last, context.RequestAborted);
                last = piece.ToArray();
            }
            return last;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            return null;   // told in the task
        }
    }

    private static Task Preflight(HttpContext context)
    {
        AllowAnyOrigin(context);
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync("<html><body><h1>HTTP 404 Not Found</h1></body></html>", context.RequestAborted);
    }

    private static void AllowAnyOrigin(HttpContext context)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.Headers.AccessControlAllowHeaders = "X-Requested-With";
    }
}
