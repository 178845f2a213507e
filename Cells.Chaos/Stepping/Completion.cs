namespace Cells.Chaos.Stepping;

/// <summary>The leaf of an awaited task: known to the stepper by its effect, completed inline on the stepping thread.</summary>
/// <remarks>No RunContinuationsAsynchronously: whoever awaits goes on within the step that completes it.</remarks>
internal sealed class Completion<T>
{
    private readonly TaskCompletionSource<T> _source = new();

    public Task<T> Task => _source.Task;

    public bool IsOver => _source.Task.IsCompleted;

    public void Set(T value) => _source.TrySetResult(value);

    public void Fail(Exception error) => _source.TrySetException(error);

    public void Cancel(CancellationToken stop) => _source.TrySetCanceled(stop);
}
