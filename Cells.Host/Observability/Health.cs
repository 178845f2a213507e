using System.Globalization;
using System.Text;
using Cells.Messaging;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Host.Observability;

/// <summary>One thing that was looked at.</summary>
/// <param name="Counts">Whether it decides; what does not is told all the same.</param>
internal sealed record HealthCheck(string Name, bool Ok, bool Counts, string Says);

/// <summary>
/// Whether a door should get requests. Its own database and actors decide, and nothing else: a neighbour that is silent costs only the requests that need
/// it, and a balancer that took the door away for it would cost them all.
/// </summary>
/// <param name="links">How they are, in a process that leads its cell; empty in another, whose door is as good.</param>
internal sealed class Health(CellGround home, Func<IReadOnlyList<LinkStatus>> links, TimeProvider time)
{
    public Health(CellRuntime home, TimeProvider time) : this(home.Ground, () => home.Links.Status, time)
    {
    }

    // A balancer asks every few seconds, and has its own patience.
    private static readonly TimeSpan DatabaseWithin = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<HealthCheck>> CheckAsync(CancellationToken stop) =>
        [await DatabaseAsync(stop), Actors(), .. links().Select(Link)];

    public static bool IsReady(IEnumerable<HealthCheck> checks) => checks.All(check => check.Ok || !check.Counts);

    /// <summary>One line for each that is told: all when <paramref name="verbose"/>, else those that decide against it.</summary>
    public static string Text(IReadOnlyList<HealthCheck> checks, bool verbose)
    {
        var text = new StringBuilder();
        foreach (var check in checks.Where(check => verbose || check is { Ok: false, Counts: true }))
            text.Append(CultureInfo.InvariantCulture, $"[{(check.Ok ? '+' : check.Counts ? '-' : '!')}] {check.Name}: {check.Says}{(check.Ok || check.Counts ? "" : " (does not count)")}\n");
        return text.Append(IsReady(checks) ? "ready\n" : "not ready\n").ToString();
    }

    internal static HealthCheck Link(LinkStatus link)
    {
        var up = link.Health == NeighbourHealth.Up && link.Problem is null;
        var heard = link.LastHeardAge is { } age ? string.Create(CultureInfo.InvariantCulture, $"last heard {age.TotalSeconds:0} s ago") : "not heard yet";
        return new HealthCheck($"{link.Kind.ToString().ToLowerInvariant()} {link.Neighbour}", up, Counts: false, up ? "heard" : link.Problem ?? heard);
    }

    private HealthCheck Actors() => home.System.WhenTerminated.IsCompleted
        ? new HealthCheck("actors", false, Counts: true, home.System.Fault is not null ? "ended by a fault, which the log has" : "ended")
        : new HealthCheck("actors", true, Counts: true, "run");

    private async Task<HealthCheck> DatabaseAsync(CancellationToken stop)
    {
        using var late = new CancellationTokenSource(DatabaseWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await home.Database.ReadAsync("readiness", async (connection, inner) =>
            {
                await using var command = new NpgsqlCommand("select 1", connection);
                return await command.ExecuteScalarAsync(inner);
            }, either.Token);
            return new HealthCheck("database", true, Counts: true, "answers");
        }
        catch (NpgsqlException error)
        {
            // Anybody may ask: where the server is and what it said of itself stays in the log. The class of its answer says what to do.
            return new HealthCheck("database", false, Counts: true, error.SqlState is { } state ? $"refuses (SQLSTATE {state})" : "cannot be reached");
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return new HealthCheck("database", false, Counts: true, $"no answer within {DatabaseWithin.TotalSeconds:0} s");
        }
    }
}
