using Cells.Messaging.Storage;

namespace Cells.IntegrationTests.Api.Tree;

/// <summary>Runs every use of the database to its end on the stepping thread, so that no task is ever incomplete.</summary>
internal sealed class InlineGate : IDatabaseGate
{
    public Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        try
        {
            return Task.FromResult(work(stop).GetAwaiter().GetResult());
        }
        catch (Exception error)
        {
            return Task.FromException<T>(error);      // the asker awaits it, as it would in life
        }
    }
}
