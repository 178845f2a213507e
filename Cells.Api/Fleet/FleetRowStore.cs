using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cells.Api.Storage;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;

namespace Cells.Api.Fleet;

/// <summary>Reads of the table <c>fleet_observed</c>: what compute cells show of their fleet beside hosts and instances.</summary>
internal sealed class FleetRowStore(ICellDatabase database)
{
    /// <summary>By cell and key.</summary>
    public Task<IReadOnlyList<PoolRow>> PoolsAsync(CancellationToken stop) => ReadAsync(PoolRow.Kind, WireJsonContext.Default.PoolRow, stop);

    public Task<IReadOnlyList<DriftRow>> DriftAsync(CancellationToken stop) => ReadAsync(DriftRow.Kind, WireJsonContext.Default.DriftRow, stop);

    private Task<IReadOnlyList<T>> ReadAsync<T>(string kind, JsonTypeInfo<T> type, CancellationToken stop) => database.ListAsync($"rows of kind {kind}", """
        select body
          from fleet_observed
         where kind = @kind
           and not deleted
         order by cell, key
        """, [Reads.Text("kind", kind)], row => JsonSerializer.Deserialize(row.GetString(0), type)!, stop);
}
