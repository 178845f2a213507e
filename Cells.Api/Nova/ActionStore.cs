using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

/// <summary>Reads of the servers' logs.</summary>
internal sealed class ActionStore(ICellDatabase database)
{
    private const string Columns = """
        select instance, request_id, action, intent, project_id, user_id, accepted_at, outcome, reason, host_name, began_at, ended_at
          from instance_action
        """;

    /// <summary>The newest first, as Nova lists them.</summary>
    public Task<IReadOnlyList<ServerAction>> ListAsync(InstanceId instance, CancellationToken stop) => database.ListAsync("actions of a server", $"""
        {Columns}
         where instance = @instance
         order by accepted_at desc, intent desc nulls first, request_id
        """, [Reads.Uuid("instance", instance.Value)], ToAction, stop);

    public Task<ServerAction?> FindAsync(InstanceId instance, string requestId, CancellationToken stop) => database.OneAsync("action of a server", $"""
        {Columns}
         where instance = @instance
           and request_id = @request
        """, [Reads.Uuid("instance", instance.Value), Reads.Text("request", requestId)], ToAction, stop);

    private static ServerAction ToAction(NpgsqlDataReader row) => new(
        new InstanceId(row.GetGuid(0)),
        row.GetString(1),
        (InstanceAction)row.GetInt16(2),
        row.BigintOrNull(3),
        new ProjectId(row.GetGuid(4)),
        new UserId(row.GetGuid(5)),
        row.Time(6),
        row.IsDBNull(7) ? null : new ActionEnd((ActionOutcome)row.GetInt16(7), row.TextOrNull(8), row.TextOrNull(9), row.TimeOrNull(10) ?? row.Time(6), row.Time(11)));
}
