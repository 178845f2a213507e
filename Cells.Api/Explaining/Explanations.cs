using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Explaining;

/// <summary>The stories of servers, as long as their dispatch rows are kept: for the life of the server and after it.</summary>
public sealed class Explanations
{
    private readonly CellName _cell;
    private readonly DispatchStore _store;

    internal Explanations(CellName cell, ICellDatabase database) => (_cell, _store) = (cell, new DispatchStore(database));

    /// <returns>Null when no server of that id was ever dispatched from or through this cell.</returns>
    public async Task<Story?> ReadAsync(InstanceId server, CancellationToken stop) =>
        await _store.ReadAsync([server], stop) is { Count: > 0 } rows ? Story.Of(server, _cell, rows) : null;
}
