using Cells.Api;
using Cells.Compute;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Host.Bench;

/// <summary>
/// What the database alone could do: the rows of docs/placement.md, copied from the placements just measured, written again by bare Npgsql in groups of
/// 100 into two empty databases of the same cluster and the same schema. One connection for each database, as a cell has one committer; no actor, no
/// link, no JSON, nothing read.
/// </summary>
internal static class PlacementLimit
{
    private const int Group = 100;

    /// <returns>Placements per second.</returns>
    public static async Task<double> MeasureAsync(PlacementTree tree, int placements, TimeProvider time, CancellationToken stop)
    {
        var count = Math.Max(1, placements / Group) * Group;
        var top = await TopRows.ReadAsync(await tree.TopDatabaseAsync(stop), count, stop);
        var cell = await CellRows.ReadAsync(await tree.CellDatabaseAsync(stop), count, stop);
        await using var topEmpty = await EmptyAsync(tree, "limit-top", ApiHome.Sql, time, stop);
        await using var cellEmpty = await EmptyAsync(tree, "limit-cell", ComputeCell.Sql, time, stop);
        await ExecuteAsync(topEmpty, [top.Networks.Insert(0, top.Networks.Count), top.Subnets.Insert(0, top.Subnets.Count)], stop);
        await ExecuteAsync(cellEmpty, [cell.Providers.Insert(0, cell.Providers.Count)], stop);

        var groups = Math.Min(top.Intents.Count, cell.Instances.Count) / Group;
        var began = time.GetTimestamp();
        await Task.WhenAll(
            Task.Run(() => WriteAsync(topEmpty, groups, top.Placing, top.Placed, stop), stop),
            Task.Run(() => WriteAsync(cellEmpty, groups, cell.Placing, CellRows.Acknowledged, stop), stop));
        return groups * Group / time.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection, int groups, Func<int, List<NpgsqlBatchCommand>> first, Func<int, List<NpgsqlBatchCommand>> second, CancellationToken stop)
    {
        for (var group = 0; group < groups; group++)
        {
            await ExecuteAsync(connection, first(group * Group), stop);
            await ExecuteAsync(connection, second(group * Group), stop);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, List<NpgsqlBatchCommand> commands, CancellationToken stop)
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var command in commands)
            batch.BatchCommands.Add(command);
        await batch.ExecuteNonQueryAsync(stop);
        await transaction.CommitAsync(stop);
    }

    private static async Task<NpgsqlConnection> EmptyAsync(PlacementTree tree, string name, SqlSource sql, TimeProvider time, CancellationToken stop)
    {
        var database = await tree.Databases.EnsureAsync(CellName.Parse(name), stop);
        await Migrator.MigrateAsync(database, [SqlSource.Messaging, sql], time, stop);
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 100, AutoPrepareMinUsages = 2 }.ConnectionString);
        await connection.OpenAsync(stop);
        await ExecuteAsync(connection,
        [
            new("insert into commit_group (committer, id, number) values ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 1)"),
            new("insert into link (neighbour) values ('other')"),
            new("insert into link_progress (neighbour, out_incarnation, own_past) values ('other', 1, '')"),
        ], stop);
        return connection;
    }

    /// <summary>What each group of a cell writes beside its placements.</summary>
    private static IEnumerable<NpgsqlBatchCommand> Counters(bool numbered)
    {
        if (numbered)
            yield return new("update change_counter set last_number = last_number + 100");
        yield return new("update commit_group set id = gen_random_uuid(), number = number + 1");
    }

    private static NpgsqlBatchCommand Watermark() => new("update link_progress set work_watermark = work_watermark + 100, work_acked = work_acked + 100");

    private static NpgsqlBatchCommand Numbers() => new("update link set last_work_number = last_work_number + 100");

    private static NpgsqlBatchCommand Acknowledge(int first) => new("delete from outbox where number > $1 and number <= $1 + 100")
    {
        Parameters = { new NpgsqlParameter<long> { TypedValue = first } },
    };

    private sealed record TopRows(
        CopiedRows Networks, CopiedRows Subnets, CopiedRows Intents, CopiedRows Actions, CopiedRows Ports, CopiedRows Dispatches, CopiedRows Observed,
        CopiedRows Outbox)
    {
        public static async Task<TopRows> ReadAsync(string database, int count, CancellationToken stop)
        {
            await using var from = new NpgsqlConnection(database);
            await from.OpenAsync(stop);
            return new TopRows(
                await CopiedRows.ReadTableAsync(from, "network", "id", int.MaxValue, stop),
                await CopiedRows.ReadTableAsync(from, "subnet", "id", int.MaxValue, stop),
                await CopiedRows.ReadTableAsync(from, "instance_intent", "id", count, stop),
                await CopiedRows.ReadTableAsync(from, "instance_action", "instance", count, stop),
                await CopiedRows.ReadTableAsync(from, "port", "instance_id", count, stop),
                await CopiedRows.ReadTableAsync(from, "dispatch", "instance", count, stop),
                await CopiedRows.ReadTableAsync(from, "instance_observed", "instance", count, stop),
                await CopiedRows.ReadAsync(from, "outbox", $"""
                    select 'other' as link, row_number() over (order by instance) as number, instance::text as order_key,
                           'placement.build-instance.v1' as wire_name, convert_to(build::text, 'UTF8') as body, null::text as trace_parent
                      from dispatch
                     order by instance
                     limit {count}
                    """, stop));
        }

        public List<NpgsqlBatchCommand> Placing(int first) =>
            [.. Counters(numbered: false), Intents.Insert(first, Group), Actions.Insert(first, Group), Ports.Insert(first, Group), Dispatches.Insert(first, Group), Outbox.Insert(first, Group), Numbers()];

        public List<NpgsqlBatchCommand> Placed(int first) =>
        [
            .. Counters(numbered: true), Observed.Insert(first, Group),
            new("update dispatch set generation = generation + 1 from unnest($1) as w (instance) where dispatch.instance = w.instance and dispatch.epoch = 1")
            {
                Parameters = { new NpgsqlParameter { Value = Dispatches.Column("instance", first, Group) } },
            },
            Acknowledge(first), Watermark(),
        ];
    }

    private sealed record CellRows(CopiedRows Instances, CopiedRows Claims, CopiedRows Outbox, CopiedRows Providers)
    {
        private const int ClaimsEach = 3;

        public static async Task<CellRows> ReadAsync(string database, int count, CancellationToken stop)
        {
            await using var from = new NpgsqlConnection(database);
            await from.OpenAsync(stop);
            return new CellRows(
                await CopiedRows.ReadTableAsync(from, "instance", "id", count, stop),
                await CopiedRows.ReadTableAsync(from, "claim", "instance_id, resource", count * ClaimsEach, stop),
                await CopiedRows.ReadAsync(from, "outbox", $"""
                    select 'other' as link, row_number() over (order by id) as number, id::text as order_key,
                           'placement.instance-placed.v1' as wire_name, convert_to(story::text, 'UTF8') as body, null::text as trace_parent
                      from instance
                     order by id
                     limit {count}
                    """, stop),
                await CopiedRows.ReadTableAsync(from, "provider", "id, resource", int.MaxValue, stop));
        }

        public List<NpgsqlBatchCommand> Placing(int first) =>
        [
            .. Counters(numbered: true), Instances.Insert(first, Group), Claims.Insert(first * ClaimsEach, Group * ClaimsEach),
            new("""
                update provider
                   set promised = provider.promised + w.amount,
                       generation = provider.generation + 1
                  from (select provider, resource, sum(amount)::bigint as amount from unnest($1, $2, $3) as w (provider, resource, amount) group by 1, 2) as w
                 where provider.id = w.provider
                   and provider.resource = w.resource
                """)
            {
                Parameters =
                {
                    new NpgsqlParameter { Value = Claims.Column("provider_id", first * ClaimsEach, Group * ClaimsEach) },
                    new NpgsqlParameter { Value = Claims.Column("resource", first * ClaimsEach, Group * ClaimsEach) },
                    new NpgsqlParameter { Value = Claims.Column("amount", first * ClaimsEach, Group * ClaimsEach) },
                },
            },
            Outbox.Insert(first, Group), Numbers(), Watermark(),
        ];

        public static List<NpgsqlBatchCommand> Acknowledged(int first) => [.. Counters(numbered: false), Acknowledge(first), Watermark()];
    }
}
