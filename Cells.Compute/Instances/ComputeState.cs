using System.Data;
using System.Text;
using System.Text.Json;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Compute.Instances;

/// <summary>What a compute cell's state lane sends: its instances, its hosts, and what it shows of its fleet beside them, to every parent.</summary>
internal sealed class ComputeState(CellName cell, string zone, ICellDatabase database) : IStateSource
{
    private const string CounterSql = "select last_number from change_counter";

    private const string InstanceSql = """
        select id, change_number, project_id, epoch, generation, host_id, host_name, vm_state, task_state, power_state, working_intent, applied_intent,
               released, fault, workflow, step, undoing, launched_at, updated_at, refusal
          from instance
         where change_number > @above
         order by change_number
         limit @limit
        """;

    // What is promised stands with the providers; a host's row is touched when it changes.
    private const string HostSql = """
        select host.id, host.change_number, host.pool_id, host.name, host.address, host.generation, host.status, host.vcpus, host.memory_mib,
               coalesce(cpu.promised, 0), coalesce(memory.promised, 0), coalesce(memory.outside, 0),
               coalesce(disk.capacity, 0)::bigint, coalesce(disk.promised, 0)::bigint,
               (select count(*) from instance where instance.host_id = host.id and not instance.released), host.updated_at,
               host.enabled, coalesce(host_setting.zone, @zone), host_setting.number,
               fence_proof.id, fence_proof.who, fence_proof.why, fence_proof.proven_at, host.drain
          from host
          left join fence_proof on fence_proof.host_id = host.id and fence_proof.ended_at is null
          left join host_setting on host_setting.host_id = host.id
          left join provider as cpu on cpu.id = host.id and cpu.resource = @vcpu
          left join provider as memory on memory.id = host.id and memory.resource = @memory
          left join lateral (
               select sum(provider.capacity) as capacity, sum(provider.promised) as promised
                 from provider
                 join sr on sr.id = provider.id and not sr.shared
                where provider.id = any(host.sr_ids)
          ) as disk on true
         where host.change_number > @above
         order by host.change_number
         limit @limit
        """;

    private const string ShownSql = """
        select kind, key, change_number, gone, body
          from shown_row
         where change_number > @above
         order by change_number
         limit @limit
        """;

    public Task<StatePage> ReadPageAsync(CellName link, long above, int limit, CancellationToken stop) =>
        database.ReadAsync("a page of state", (connection, s) => ReadAsync(connection, above, limit, s), stop);

    private async Task<StatePage> ReadAsync(NpgsqlConnection connection, long above, int limit, CancellationToken stop)
    {
        // One snapshot: the counter must not be newer than the rows. One batch: a page is asked for after nearly every commit of the cell.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { new(CounterSql), Page(InstanceSql, above, limit), Page(HostSql, above, limit), Page(ShownSql, above, limit) } };
        batch.BatchCommands[2].Parameters.Add(new NpgsqlParameter("zone", NpgsqlDbType.Text) { Value = zone });
        batch.BatchCommands[2].Parameters.Add(new NpgsqlParameter("vcpu", NpgsqlDbType.Smallint) { Value = (short)Resource.Vcpu });
        batch.BatchCommands[2].Parameters.Add(new NpgsqlParameter("memory", NpgsqlDbType.Smallint) { Value = (short)Resource.MemoryMib });
        long counter;
        List<StateRow> rows;
        await using (var answer = await batch.ExecuteReaderAsync(stop))
        {
            await answer.ReadAsync(stop);
            counter = answer.GetInt64(0);
            await answer.NextResultAsync(stop);
            rows = await InstancesAsync(answer, stop);
            await answer.NextResultAsync(stop);
            rows.AddRange(await HostsAsync(answer, stop));
            await answer.NextResultAsync(stop);
            while (await answer.ReadAsync(stop))
                rows.Add(new StateRow(answer.GetString(0), $"{cell}/{answer.GetString(1)}", answer.GetInt64(2), answer.GetBoolean(3), Encoding.UTF8.GetBytes(answer.GetString(4))));
        }
        await transaction.CommitAsync(stop);

        var page = rows.OrderBy(r => r.ChangeNumber).Take(limit).ToList();
        return new StatePage(above, page.Count < limit ? counter : page[^1].ChangeNumber, page);
    }

    private async Task<List<StateRow>> InstancesAsync(NpgsqlDataReader r, CancellationToken stop)
    {
        var rows = new List<StateRow>();
        while (await r.ReadAsync(stop))
        {
            var work = r.GetInt16(14) == 0 ? null : new Work((WorkflowKind)r.GetInt16(14), r.GetInt16(15), r.GetBoolean(16), null);
            var row = new InstanceRow(
                new InstanceId(r.GetGuid(0)), new ProjectId(r.GetGuid(2)), r.GetInt64(3), r.GetInt64(4), cell,
                r.IsDBNull(5) ? null : new HostId(r.GetGuid(5)), r.IsDBNull(6) ? null : r.GetString(6),
                (VmState)r.GetInt16(7), (TaskState)r.GetInt16(8), (PowerState)r.GetInt16(9), r.GetInt64(10), r.GetInt64(11), r.GetBoolean(12),
                r.IsDBNull(13) ? null : r.GetString(13), Steps.Progress(work), r.IsDBNull(17) ? null : r.GetFieldValue<DateTimeOffset>(17),
                r.GetFieldValue<DateTimeOffset>(18), r.IsDBNull(19) ? null : r.GetString(19));
            rows.Add(new StateRow(
                "instance", row.Instance.ToString(), r.GetInt64(1), row is { Released: true, VmState: VmState.Deleted },
                JsonSerializer.SerializeToUtf8Bytes(row, WireJsonContext.Default.InstanceRow)));
        }
        return rows;
    }

    private async Task<List<StateRow>> HostsAsync(NpgsqlDataReader r, CancellationToken stop)
    {
        var rows = new List<StateRow>();
        while (await r.ReadAsync(stop))
        {
            var row = new HostRow(
                new HostId(r.GetGuid(0)), cell, new PoolId(r.GetGuid(2)), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetString(6), r.GetInt32(7),
                r.GetInt64(8), (int)r.GetInt64(9), r.GetInt64(10), r.GetInt64(11), r.GetInt64(12), r.GetInt64(13), (int)r.GetInt64(14),
                r.GetFieldValue<DateTimeOffset>(15))
            {
                Enabled = r.GetBoolean(16), Zone = r.GetString(17), SettingNumber = r.IsDBNull(18) ? null : r.GetInt64(18),
                Fence = r.IsDBNull(19) ? null : new FenceWord(r.GetGuid(19), r.GetString(20), r.GetString(21), r.GetFieldValue<DateTimeOffset>(22)),
                Drain = r.GetOrdinal("drain") is var drain && r.IsDBNull(drain) ? null : JsonSerializer.Deserialize(r.GetString(drain), ComputeJsonContext.Default.HostDrain),
            };
            rows.Add(new StateRow(
                "host", row.Host.ToString(), r.GetInt64(1), row.Status == "gone", JsonSerializer.SerializeToUtf8Bytes(row, WireJsonContext.Default.HostRow)));
        }
        return rows;
    }

    private static NpgsqlBatchCommand Page(string sql, long above, int limit) => new(sql)
    {
        Parameters =
        {
            new NpgsqlParameter("above", NpgsqlDbType.Bigint) { Value = above },
            new NpgsqlParameter("limit", NpgsqlDbType.Integer) { Value = limit },
        },
    };
}
