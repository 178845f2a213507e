using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>Reads of a cell's own database. Writes go through <see cref="ICommitter"/> and nowhere else.</summary>
public interface ICellDatabase
{
    /// <param name="what">Names the read in errors and in the event log of a stepped world, such as <c>servers of a project</c>.</param>
    Task<T> ReadAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken stop);
}
