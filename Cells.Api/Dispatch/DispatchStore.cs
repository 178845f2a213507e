using System.Reflection;
using System.Text.Json;
using Cells.Api.Index;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Api.Dispatch;

/// <summary>Reads of the table <c>dispatch</c>.</summary>
internal sealed class DispatchStore(ICellDatabase database)
{
    private static readonly string BuildName =
        typeof(BuildInstance).GetCustomAttribute<WireNameAttribute>()!.Name;

    private const string Columns = """
        d.instance, d.epoch, d.intent, d.parent, d.state, d.asked, d.delete_intent, d.last_generation, d.build, d.why, d.tried, d.placed,
        d.fault, d.deadline, d.silent_since, d.silent_generation, d.silence_noted_at, d.asked_at, d.settled_at, d.generation, d.acts
        """;

    private static readonly string Epochs = $"""
        select {Columns}
          from dispatch d
         where d.instance = any(@instances)
         order by d.instance, d.epoch
        """;

    private const string DueRows = """
        select d.instance, d.epoch, o.body
          from dispatch d
          left join instance_observed o on o.instance = d.instance
         where d.deadline <= @now
         order by d.deadline, d.instance, d.epoch
         limit @limit
        """;

    private const string WaitingRows = """
        select instance
          from dispatch
         where state = 1
           and asked is null
         order by settled_at, instance
        """;

    private const string OpenRows = """
        select distinct instance
          from dispatch
         where asked = @child
           and (state in (2, 5) or acts is not null)
         order by instance
        """;

    private const string SentBuilds = """
        select link, number, body
          from outbox
         where wire_name = @build
         order by link, number
        """;

    /// <summary>Every epoch of each instance; an instance without a row is not in the answer.</summary>
    public Task<IReadOnlyList<DispatchRow>> ReadAsync(IReadOnlyList<InstanceId> instances, CancellationToken stop) => database.ReadAsync(
        "dispatch rows of instances",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(Epochs, connection);
            command.Parameters.Add(new NpgsqlParameter("instances", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = instances.Select(i => i.Value).ToArray() });
            return await ReadAllAsync(command, Row, token);
        },
        stop);

    /// <summary>What is due by this cell's clock, the oldest first.</summary>
    public Task<IReadOnlyList<DispatchEvent.Due>> ReadDueAsync(DateTimeOffset now, int limit, CancellationToken stop) => database.ReadAsync(
        "dispatches past their deadline",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(DueRows, connection);
            command.Parameters.AddWithValue("now", now);
            command.Parameters.AddWithValue("limit", limit);
            return await ReadAllAsync(command, Due, token);
        },
        stop);

    public Task<IReadOnlyList<InstanceId>> ReadWaitingAsync(CancellationToken stop) => database.ReadAsync(
        "dispatches that wait for a child",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(WaitingRows, connection);
            return await ReadAllAsync(command, Instance, token);
        },
        stop);

    /// <summary>Instances whose command that child has not answered.</summary>
    public Task<IReadOnlyList<InstanceId>> ReadOpenAsync(CellName child, CancellationToken stop) => database.ReadAsync(
        "open dispatches of a child",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(OpenRows, connection);
            command.Parameters.AddWithValue("child", child.Value);
            return await ReadAllAsync(command, Instance, token);
        },
        stop);

    /// <summary>Builds that still stand in the outbox: after a restart, what no summary can count yet.</summary>
    public Task<IReadOnlyList<SentBuild>> ReadSentBuildsAsync(CancellationToken stop) => database.ReadAsync(
        "builds in the outbox",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(SentBuilds, connection);
            command.Parameters.AddWithValue("build", BuildName);
            return await ReadAllAsync(command, Sent, token);
        },
        stop);

    private static async Task<IReadOnlyList<T>> ReadAllAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken stop)
    {
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
            rows.Add(read(reader));
        return rows;
    }

    private static DispatchRow Row(NpgsqlDataReader r) => new(
        new InstanceId(r.GetGuid(0)),
        r.GetInt64(1),
        r.GetInt64(2),
        Cell(r, 3),
        (DispatchState)r.GetInt16(4),
        Cell(r, 5),
        r.IsDBNull(6) ? null : r.GetInt64(6),
        r.GetInt64(7),
        r.IsDBNull(8) ? null : JsonSerializer.Deserialize(r.GetString(8), DispatchJson.Default.BuildInstance),
        JsonSerializer.Deserialize(r.GetString(9), DispatchJson.Default.IReadOnlyListExplanation)!,
        JsonSerializer.Deserialize(r.GetString(10), DispatchJson.Default.IReadOnlyListTrial)!,
        r.IsDBNull(11) ? null : JsonSerializer.Deserialize(r.GetString(11), DispatchJson.Default.InstancePlaced),
        r.IsDBNull(12) ? null : r.GetString(12),
        Time(r, 13),
        Time(r, 14) is { } since ? new ViewSilence(since, r.GetInt64(15), Time(r, 16)!.Value) : null,
        Time(r, 17)!.Value,
        Time(r, 18)!.Value,
        r.GetInt64(19))
    {
        Acts = r.IsDBNull(20) ? [] : JsonSerializer.Deserialize(r.GetString(20), DispatchJson.Default.IReadOnlyListActOnInstance)!,
    };

    private static DispatchEvent.Due Due(NpgsqlDataReader r) =>
        new(new InstanceId(r.GetGuid(0)), r.GetInt64(1), r.IsDBNull(2) ? null : ObservedJson.Instance(r.GetString(2)));

    private static InstanceId Instance(NpgsqlDataReader r) => new(r.GetGuid(0));

    private static SentBuild Sent(NpgsqlDataReader r) =>
        new(CellName.Parse(r.GetString(0)), r.GetInt64(1), JsonSerializer.Deserialize(r.GetFieldValue<byte[]>(2), WireJsonContext.Default.BuildInstance)!);

    private static CellName? Cell(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : CellName.Parse(r.GetString(column));

    private static DateTimeOffset? Time(NpgsqlDataReader r, int column) =>
        r.IsDBNull(column) ? null : new DateTimeOffset(r.GetDateTime(column), TimeSpan.Zero);
}

/// <summary>A build that was sent to a child under this work number of its link.</summary>
internal sealed record SentBuild(CellName Child, long Number, BuildInstance Command);
