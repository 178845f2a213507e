using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Up;

/// <summary>A private server that died is started again: the cells wait for it, and go on from their rows.</summary>
internal sealed class KeepRunning : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();
    private readonly Task _watch;

    public KeepRunning(
        string what, string directory, Func<bool> isRunning, Func<CancellationToken, Task> restart, Func<(int? Process, int Port)> now, TimeProvider time, ILogger logger) =>
        _watch = WatchAsync(what, directory, isRunning, restart, now, time, logger);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watch;
        _ending.Dispose();
    }

    private async Task WatchAsync(
        string what, string directory, Func<bool> isRunning, Func<CancellationToken, Task> restart, Func<(int? Process, int Port)> now, TimeProvider time, ILogger logger)
    {
        try
        {
            while (true)
            {
                await Task.Delay(LookEvery, time, _ending.Token);
                if (isRunning())
                    continue;
                UpTelemetry.ServerDied(logger, what, directory);
                try
                {
                    await restart(_ending.Token);
                    var (process, port) = now();
                    UpTelemetry.ServerBack(logger, what, process, port);
                }
                catch (CellsException error)
                {
                    UpTelemetry.ServerStaysDown(logger, what, error.Message);
                }
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // We end, and the server with us.
        }
    }
}
