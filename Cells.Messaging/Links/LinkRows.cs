using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Links;

/// <summary>
/// Makes the rows of links that are new to a cell. Like the schema they must be there before the committer's first group, which may hold work
/// for them; so this is part of the start and not a write.
/// </summary>
internal static class LinkRows
{
    private const string Sql = """
        with w as (
            select neighbour, incarnation
              from unnest(@links, @incarnations) as w (neighbour, incarnation)
        ), counters as (
            insert into link (neighbour)
            select neighbour
              from w
                on conflict do nothing
        )
        insert into link_progress (neighbour, out_incarnation, own_past)
        select neighbour, incarnation, @past
          from w
            on conflict do nothing
        """;

    /// <summary>Rows that are there stay as they are, so it may run again.</summary>
    public static Task EnsureAsync(
        string connectionString, IDatabaseGate gate, IReadOnlyList<Neighbour> neighbours, string ownPast, IIdSource ids, CancellationToken stop)
    {
        var links = neighbours.Select(neighbour => neighbour.Name.Value).ToArray();
        var incarnations = links.Select(_ => Meeting.IncarnationAbove(0, LinkActor.Chance(ids))).ToArray();
        return gate.RunAsync(DatabaseUse.Commit, "rows of the links", async inner =>
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(inner);
            await using var command = new NpgsqlCommand(Sql, connection);
            command.Parameters.AddWithValue("links", NpgsqlDbType.Array | NpgsqlDbType.Text, links);
            command.Parameters.AddWithValue("incarnations", NpgsqlDbType.Array | NpgsqlDbType.Bigint, incarnations);
            command.Parameters.AddWithValue("past", ownPast);
            return await command.ExecuteNonQueryAsync(inner);
        }, stop);
    }
}
