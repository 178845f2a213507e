using System.Text.Json;
using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Index;

/// <summary>
/// Takes what the state lanes of the children bring: each page is merged in one change with its watermark. A link is believed only about
/// instances whose dispatch leads to it, and about hosts of cells that are reached through it.
/// </summary>
internal sealed class IndexActor : ReceiveActor
{
    private readonly CellName _cell;
    private readonly ICommitter _committer;
    private readonly TimeSpan _retryAfter;
    private readonly bool _anyEpoch;
    private readonly ILogger _log;

    private readonly SortedDictionary<CellName, SortedSet<CellName>> _reached = [];
    private readonly SortedDictionary<CellName, Page> _held = [];

    /// <param name="anyEpoch">See <see cref="ApiOptions.DropEpochCheck"/>.</param>
    public IndexActor(CellName cell, ICommitter committer, TimeSpan retryAfter, bool anyEpoch, ILogger log)
    {
        (_cell, _committer, _retryAfter, _anyEpoch, _log) = (cell, committer, retryAfter, anyEpoch, log);
        Receive<StateReceived>(m => Take(new Page(m, Sender, NewsWaitedFor: 0)));
        Receive<NewsReceived>(OnNews);
        Receive<PageEnded>(OnPageEnded);
        Receive<Page>(Take);
    }

    private void OnNews(NewsReceived news)
    {
        if (news is not { Kind: NeighbourKind.Child, Message: CellNews told })
            return;
        _reached[news.Link] = [news.Link, .. told.Reaches.Select(r => r.Cell)];
        if (_held.Remove(news.Link, out var held))
            Take(held with { NewsWaitedFor = held.NewsWaitedFor + 1 });
    }

    private void Take(Page page)
    {
        var (state, link) = (page.State, page.State.Link);
        if (state.Kind != NeighbourKind.Child)
        {
            // What is below is told from below. The watermark moves all the same: the page must not come for ever.
            foreach (var row in state.Rows)
                DispatchTelemetry.Foreign(_log, _cell, link, row.Kind, row.Key);
            Commit(page, []);
            return;
        }
        var merges = new List<IWrite>(state.Rows.Count);
        foreach (var row in state.Rows)
        {
            if (!TryRead(link, row, out var record))
                continue;
            switch (record)
            {
                case InstanceRow instance:
                    merges.Add(new MergeInstance(link, instance, row.Deleted, row.Json, _anyEpoch));
                    break;
                case HostRow host when _reached.TryGetValue(link, out var reached) && reached.Contains(host.Cell):
                    merges.Add(new MergeHost(link, host, row.Deleted, row.Json));
                    break;
                case IFleetRow fleet when _reached.TryGetValue(link, out var reached) && reached.Contains(fleet.Cell):
                    merges.Add(new MergeFleetRow(link, row.Kind, row.Key, fleet, row.Deleted, row.Json));
                    break;
                case HostRow or IFleetRow when page.NewsWaitedFor < 1:
                    _held[link] = page;                // a new cell's rows may be ahead of the news that name it
                    return;
                case HostRow host:
                    DispatchTelemetry.Foreign(_log, _cell, link, row.Kind, $"{host.Host} of cell {host.Cell}");
                    break;
                case IFleetRow fleet:
                    DispatchTelemetry.Foreign(_log, _cell, link, row.Kind, $"{row.Key} of cell {fleet.Cell}");
                    break;
                default:
                    break;
            }
        }
        Commit(page, merges);
    }

    private bool TryRead(CellName link, StateRow row, out object? record)
    {
        record = null;
        try
        {
            record = row.Kind switch
            {
                "instance" => JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.InstanceRow),
                "host" => JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.HostRow),
                PoolRow.Kind => JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.PoolRow),
                DriftRow.Kind => JsonSerializer.Deserialize(row.Json.Span, WireJsonContext.Default.DriftRow),
                _ => throw new JsonException("this version does not know the kind"),
            };
        }
        catch (JsonException error)
        {
            DispatchTelemetry.UnreadableRow(_log, _cell, link, row.Kind, row.Key, error.Message);
        }
        return record is not null;
    }

    private void Commit(Page page, List<IWrite> merges) => PipeToSelf(
        _committer.CommitAsync(new Change([.. merges, page.State.Watermark])),
        outcome => new PageEnded(page, merges, outcome),
        error => new PageEnded(page, merges, new CommitOutcome.Unavailable(error.Message)));

    private void OnPageEnded(PageEnded ended)
    {
        var (page, merges, outcome) = ended;
        if (outcome is CommitOutcome.Unavailable unavailable)
        {
            DispatchTelemetry.PageDelayed(_log, _cell, page.State.Link, unavailable.Reason, _retryAfter);
            Timers.StartSingleTimer(page.State.Link, page, _retryAfter);
            return;
        }
        // A watermark that missed belongs to an incarnation that is over: its pages come again under the new one.
        if (outcome is not CommitOutcome.Committed)
            return;
        foreach (var foreign in merges.OfType<MergeInstance>().Where(m => m.Foreign))
            DispatchTelemetry.Foreign(_log, _cell, page.State.Link, "instance", foreign.Instance.ToString());
        page.Links.Tell(new StateDone(page.State.Link, page.State.To));
    }

    /// <param name="NewsWaitedFor">News of the link since the page came with a host of an unknown cell.</param>
    private sealed record Page(StateReceived State, IActorRef Links, int NewsWaitedFor);
    private sealed record PageEnded(Page Page, List<IWrite> Merges, CommitOutcome Outcome);
}
