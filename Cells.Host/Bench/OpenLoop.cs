using Cells.Host.Replay;

namespace Cells.Host.Bench;

/// <summary>
/// Requests at a fixed rate, whether or not earlier ones were answered. Each is timed from when it was due: one that waits behind a slow one counts the wait,
/// as its client would feel it.
/// </summary>
internal sealed class OpenLoop(TimeProvider time)
{
    /// <param name="one">Given its number, from 0 on; throws when it is not answered as it should be.</param>
    public async Task<Percentiles> RunAsync(double perSecond, int count, Func<int, Task> one, CancellationToken stop)
    {
        var (latencies, all, began) = (new Percentiles(), new List<Task>(count), time.GetTimestamp());
        for (var i = 0; i < count; i++)
        {
            var due = TimeSpan.FromSeconds(i / perSecond);
            if (due - time.GetElapsedTime(began) is var early && early > TimeSpan.Zero)
                await Task.Delay(early, time, stop);
            all.Add(OneAsync(i, due));
        }
        await Task.WhenAll(all);
        return latencies;

        async Task OneAsync(int number, TimeSpan due)
        {
            await Task.Yield();                                  // the loop above only begins requests
            await one(number);
            lock (latencies)
                latencies.Add(time.GetElapsedTime(began) - due);
        }
    }
}
