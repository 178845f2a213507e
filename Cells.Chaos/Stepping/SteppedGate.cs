using Cells.Chaos.Faults;
using Cells.Messaging.Storage;

namespace Cells.Chaos.Stepping;

/// <summary>
/// A cell's way to its database. Each use is one effect: when it is drawn, it runs to its end before anything else happens, so no transaction is
/// ever open between two steps.
/// </summary>
/// <param name="diesNow">Asked after each commit: the cell has died with it, and nobody hears how it ended.</param>
/// <param name="latency">Draws how long each use takes to get its turn: without it a group would never have more than one change.</param>
internal sealed class SteppedGate(string cell, Stepper stepper, EventLog log, FaultPlan faults, Random latency, Func<bool> diesNow) : IDatabaseGate
{
    /// <summary>While the cell starts: each use happens at once, so that the start is one step.</summary>
    public bool Inline { get; set; }

    public Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        var effect = new UseEffect<T>(this, use, what, work, stop);
        if (Inline)
            effect.PerformWithoutFaults();
        else
            stepper.AddAfter(TimeSpan.FromMicroseconds(use == DatabaseUse.Commit ? latency.Next(500, 20_000) : latency.Next(0, 4_000)), effect);
        return effect.Result;
    }

    private sealed class UseEffect<T>(SteppedGate gate, DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop)
        : IEffect
    {
        private readonly Completion<T> _completion = new();

        public string Owner => gate.Cell;

        public Task<T> Result => _completion.Task;

        public string Describe() => use == DatabaseUse.Commit ? $"database: {what}" : $"database reads: {what}";

        public void Perform()
        {
            if (stop.IsCancellationRequested)
            {
                _completion.Cancel(stop);
                return;
            }
            if (use == DatabaseUse.Commit && gate.Faults.Fires(FaultName.CommitRefused))
            {
                _completion.Fail(new IOException("Injected: the database refused the connection."));
                return;
            }
            var result = RunToTheEnd();
            if (use == DatabaseUse.Commit && gate.DiesNow())
                return;
            if (use == DatabaseUse.Commit && gate.Faults.Fires(FaultName.CommitAnswerLost))
                _completion.Fail(new IOException("Injected: the connection broke after the commit."));
            else
                result();
        }

        public void PerformWithoutFaults() => RunToTheEnd()();

        public void OwnerDied(Random chance)
        {
            // The request may have reached the server before the process died; the server does not wait for the dead.
            if (use == DatabaseUse.Commit && chance.Next(2) == 0)
                _ = RunToTheEnd();
        }

        /// <returns>Tells the asker how it ended.</returns>
        private Action RunToTheEnd()
        {
            try
            {
                // Blocking is right here and nowhere else: the whole use is one step, on the stepping thread. What goes on inside (Npgsql's own
                // awaits) may hop between threads as it likes, because nothing of the world moves meanwhile.
#pragma warning disable CA1849
                var value = work(CancellationToken.None).GetAwaiter().GetResult();
#pragma warning restore CA1849
                gate.Log.Add(gate.Now, gate.Cell, new Committed(what, value));
                return () => _completion.Set(value);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                gate.Log.Add(gate.Now, gate.Cell, $"database: {what} failed: {error.GetType().Name}");
                return () => _completion.Fail(error);
            }
        }
    }

    private string Cell => cell;

    private EventLog Log => log;

    private FaultPlan Faults => faults;

    private Func<bool> DiesNow => diesNow;

    private TimeSpan Now => stepper.Time.Elapsed;

    private sealed record Committed(string What, object? Value);
}
