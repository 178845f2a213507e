using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Index;

/// <summary>Reads of the table <c>host_observed</c>.</summary>
internal sealed class HostStore(ICellDatabase database)
{
    private const string All = """
        select body
          from host_observed
         where not deleted
         order by cell, host
        """;

    public Task<IReadOnlyList<HostRow>> ReadAsync(CancellationToken stop) => database.ReadAsync<IReadOnlyList<HostRow>>(
        "hosts below",
        async (connection, token) =>
        {
            var hosts = new List<HostRow>();
            await using var command = new NpgsqlCommand(All, connection);
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
                hosts.Add(ObservedJson.Host(reader.GetString(0)));
            return hosts;
        },
        stop);
}
