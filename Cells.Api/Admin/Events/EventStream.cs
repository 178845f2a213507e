using System.Runtime.CompilerServices;
using Cells.Messaging;
using Cells.Messaging.Actors;

namespace Cells.Api.Admin.Events;

/// <summary>
/// What changes, in order, for as long as somebody follows: rows by their change numbers from the database, cells and links by comparing once a
/// second. Nothing is kept for a follower: it pulls, so a slow one costs no memory, and a resumed one gets the newest value of each row that changed.
/// </summary>
internal sealed class EventStream(CellGround ground, AdminApi admin)
{
    private const int PageSize = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CompareEvery = TimeSpan.FromSeconds(1);

    private readonly ChangeStore _changes = new(ground.Database);

    public Task<long> CounterAsync(CancellationToken stop) => _changes.CounterAsync(stop);

    /// <param name="above">Change number that was heard last.</param>
    /// <param name="follow">False: ends where now is.</param>
    /// <returns>Null after each page: everything up to that number was told. At least one a second.</returns>
    public async IAsyncEnumerable<(long UpTo, CellsEvent? Event)> ReadAsync(EventFilter filter, long above, bool follow, [EnumeratorCancellation] CancellationToken stop)
    {
        var watch = follow ? ground.System.ActorOf(Props.Create(() => new ChangeWatch())) : null;
        try
        {
            if (watch is not null)
                ground.SubscribeToCommits(watch);
            var around = follow ? await Surroundings.SeeAsync(admin, stop) : Surroundings.Nothing;
            var compared = ground.Options.Time.GetTimestamp();
            while (true)
            {
                var page = await _changes.ReadAsync(above, PageSize, stop);
                foreach (var change in page.Events.Where(filter.Shows))
                    yield return (change.Change, change);
                above = page.UpTo;
                if (page.HasMore)
                {
                    yield return (above, null);
                    continue;
                }
                if (watch is not null && ground.Options.Time.GetElapsedTime(compared) >= CompareEvery)
                {
                    compared = ground.Options.Time.GetTimestamp();
                    var now = await Surroundings.SeeAsync(admin, stop);
                    foreach (var change in now.Since(around, above, ground.Options.Time.GetUtcNow()).Where(filter.Shows))
                        yield return (above, change);
                    around = now;
                }
                yield return (above, null);
                if (watch is null)
                    yield break;
                await watch.Ask<ChangeWatch.Woken>(new ChangeWatch.WaitAbove(above), Patience, stop);
            }
        }
        finally
        {
            if (watch is not null)
                ground.System.Stop(watch);
        }
    }
}

/// <summary>What has no change numbers: which cells are heard, and how the links are.</summary>
internal sealed record Surroundings(IReadOnlyList<CellView> Cells, IReadOnlyList<LinkView> Links)
{
    public static readonly Surroundings Nothing = new([], []);

    public static async Task<Surroundings> SeeAsync(AdminApi admin, CancellationToken stop) => new((await admin.CellsAsync(stop)).Cells, admin.Links().Links);

    /// <summary>Cells that fell silent or are heard again, whose hosts came or went; links whose health, problem or parked messages changed.</summary>
    public IEnumerable<CellsEvent> Since(Surroundings before, long change, DateTimeOffset now)
    {
        var cells = before.Cells.ToLookup(c => c.Path, c => (c.Silent, c.Hosts, c.HostsUp), StringComparer.Ordinal);
        foreach (var cell in Cells.Where(c => !cells[c.Path].Contains((c.Silent, c.Hosts, c.HostsUp))))
            yield return CellsEvent.Of(change, now, cell);
        var links = before.Links.ToLookup(l => l.Neighbour, l => (l.Health, l.Problem, l.Parked), StringComparer.Ordinal);
        foreach (var link in Links.Where(l => !links[l.Neighbour].Contains((l.Health, l.Problem, l.Parked))))
            yield return CellsEvent.Of(change, now, link);
    }
}
