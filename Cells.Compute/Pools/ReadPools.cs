using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Dapper;

namespace Cells.Compute.Pools;

/// <summary>What the cell's database knows of a pool before its owner has connected.</summary>
internal static class ReadPools
{
    /// <summary>The pool of this configured name and its last epoch (0: never owned); null when it was never seen.</summary>
    public static Task<KnownPool?> ByNameAsync(ICellDatabase database, string name, CancellationToken stop) =>
        database.ReadAsync(
            "a pool by its name",
            async (connection, inner) => await connection.QuerySingleOrDefaultAsync<KnownPoolRow>(new CommandDefinition(
                """
                select pool.id, coalesce(assignment.epoch, 0) as epoch
                  from pool
                  left join assignment on assignment.pool_id = pool.id
                 where pool.name = @name
                """,
                new { name },
                cancellationToken: inner)) is { } row ? new KnownPool(new PoolId(row.Id), row.Epoch) : null,
            stop);

    /// <summary>Every recorded session of the pool, oldest epoch first.</summary>
    public static Task<IReadOnlyList<RecordedSession>> SessionsAsync(ICellDatabase database, PoolId pool, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<RecordedSession>>(
            "the sessions of a pool",
            async (connection, inner) => [.. await connection.QueryAsync<RecordedSession>(new CommandDefinition(
                """
                select id, epoch, sealed
                  from pool_session
                 where pool_id = @pool
                 order by epoch, id
                """,
                new { pool = pool.Value },
                cancellationToken: inner))],
            stop);

    /// <summary>The pool's members as it last showed them, in order of id.</summary>
    public static Task<IReadOnlyList<KnownMember>> MembersAsync(ICellDatabase database, PoolId pool, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<KnownMember>>(
            "the members of a pool",
            async (connection, inner) => [.. (await connection.QueryAsync<MemberRow>(new CommandDefinition(
                """
                select id, name, address
                  from host
                 where pool_id = @pool
                   and status <> 'gone'
                 order by id
                """,
                new { pool = pool.Value },
                cancellationToken: inner))).Select(r => new KnownMember(new HostId(r.Id), r.Name, HostAddress.Parse(r.Address)))],
            stop);

    private sealed record MemberRow(Guid Id, string Name, string Address);

    private sealed record KnownPoolRow(Guid Id, long Epoch);
}

internal sealed record KnownMember(HostId Host, string Name, HostAddress Address);

internal sealed record KnownPool(PoolId Id, long Epoch);

internal sealed record RecordedSession(Guid Id, long Epoch, byte[] Sealed);
