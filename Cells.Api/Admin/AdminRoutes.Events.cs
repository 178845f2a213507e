using System.Globalization;
using Cells.Api.Admin.Events;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>GET /events: what changes, as Server-Sent Events.</summary>
public sealed partial class AdminRoutes
{
    // Each follower asks the database at most ten times a second.
    private const int MostFollowers = 32;
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    private int _followers;

    private async Task<ApiResult> EventsAsync(ApiRequest request, CancellationToken stop)
    {
        var query = new AdminQuery(request.Query, "kind", "cell", "server", "since", "last", "follow");
        var kinds = request.Query.All("kind");
        query.OneOf("kind", CellsEvent.Kinds);
        var filter = new EventFilter(kinds, query.Cell("cell")?.Value, Instance(query.Id("server")));
        var follow = request.Query["follow"] is null || query.Flag("follow");
        if (query.Refusal is { } refusal)
            return refusal;
        if (Start(request) is not { } start)
            return ApiResult.BadRequest("since, last and Last-Event-ID are whole numbers from 0.");
        if (Volatile.Read(ref _followers) >= MostFollowers)
            return ApiResult.Unavailable($"{MostFollowers} streams of events are open here already.", TryAgain);

        var stream = admin.Events;
        var counter = await stream.CounterAsync(stop);
        return start.Resolve(counter) is { } above
            ? ApiResult.Streaming("text/event-stream", async (body, closing, gone) =>
            {
                Interlocked.Increment(ref _followers);
                try
                {
                    await new EventText(body, admin.Time).WriteAsync(stream.ReadAsync(filter, above, follow, CancellationToken.None), closing, gone);
                }
                finally
                {
                    Interlocked.Decrement(ref _followers);
                }
            })
            : ApiResult.BadRequest(
                $"Change {((EventStart.Above)start).Change} has not happened here, this cell is at {counter}: its database was restored, or the id is another cell's. Begin again with since=0.");
    }

    /// <summary>What the browser's EventSource sends when it comes again wins over what the address said at first.</summary>
    private static EventStart? Start(ApiRequest request)
    {
        if ((request.Header("Last-Event-ID") ?? request.Query["since"]) is { } since)
            return Number(since) is { } change ? new EventStart.Above(change) : null;
        if (request.Query["last"] is { } last)
            return Number(last) is { } back ? new EventStart.Back(back) : null;
        return new EventStart.Now();
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
