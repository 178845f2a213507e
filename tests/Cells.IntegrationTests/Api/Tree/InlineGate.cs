using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.IntegrationTests.Api.Tree;

/// <summary>
/// Runs every use of the database to its end on the stepping thread, so that no task is ever incomplete; and fails some by seed, before the
/// work or after it.
/// </summary>
internal sealed class InlineGate(int seed) : IDatabaseGate
{
    private readonly Random _random = new(seed);

    /// <summary>Of a hundred uses, so many fail before their work and as many lose their answer.</summary>
    public int Percent { get; set; }

    public int Fired { get; private set; }

    public Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        var chance = _random.Next(100);
        try
        {
            if (chance < Percent)
                throw Fault($"{what}: failed before the work");
            var result = work(stop).GetAwaiter().GetResult();
            return chance < 2 * Percent ? throw Fault($"{what}: the answer is lost") : Task.FromResult(result);
        }
        catch (Exception error)
        {
            return Task.FromException<T>(error);      // the asker awaits it, as it would in life
        }
    }

    private NpgsqlException Fault(string what)
    {
        Fired++;
        return new NpgsqlException($"test: {what}");
    }
}
