using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.IntegrationTests.Messaging.Storage;

/// <summary>A gate that can hold groups back, and fail them before or after their work.</summary>
internal sealed class TestGate : IDatabaseGate
{
    private readonly Queue<Fault> _faults = new();
    private TaskCompletionSource _open = Opened();
    private TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public enum Fault
    {
        None = 1,
        BeforeTheWork = 2,
        AnswerLost = 3,
    }

    /// <summary>What passed, in order.</summary>
    public List<string> Passed { get; } = [];

    /// <summary>Completes when a use stands before the closed gate.</summary>
    public Task Entered => _entered.Task;

    /// <summary>Asked for each use when no listed fault is left.</summary>
    public Func<Fault> Next { get; set; } = () => Fault.None;

    public void Close()
    {
        _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Open() => _open.TrySetResult();

    public void Then(params Fault[] faults)
    {
        foreach (var fault in faults)
            _faults.Enqueue(fault);
    }

    public async Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        _entered.TrySetResult();
        await _open.Task.WaitAsync(stop);
        Passed.Add(what);
        var fault = _faults.TryDequeue(out var listed) ? listed : Next();
        if (fault == Fault.BeforeTheWork)
            throw new NpgsqlException("test: failed before the work");
        var result = await work(stop);
        return fault == Fault.AnswerLost ? throw new NpgsqlException("test: the answer is lost") : result;
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }
}
