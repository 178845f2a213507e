using System.Text.RegularExpressions;
using Cells.Compute.XenApi;

namespace Cells.IntegrationTests.Compute;

/// <summary>Holds one call of a test's choice, before the host hears it or after the host has done it, until the test lets it go on.</summary>
internal sealed partial class GatedWires(IXapiWireFactory inner) : IXapiWireFactory
{
    private readonly Lock _lock = new();
    private Hold? _hold;
    private int _lost;
    private readonly Dictionary<string, int> _counts = [];
    private readonly List<(string Method, int Count, TaskCompletionSource Source)> _awaited = [];

    /// <summary>How many calls ended without an answer.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>Every method that was called so far, with how often.</summary>
    public IReadOnlyDictionary<string, int> Counts
    {
        get
        {
            lock (_lock)
                return new Dictionary<string, int>(_counts);
        }
    }

    /// <summary>How often the method was called on the wire so far.</summary>
    public int Count(string method)
    {
        lock (_lock)
            return _counts.GetValueOrDefault(method);
    }

    /// <summary>Completes when the method has been called that often, its answer included.</summary>
    public Task CountAsync(string method, int count)
    {
        lock (_lock)
        {
            if (_counts.GetValueOrDefault(method) >= count)
                return Task.CompletedTask;
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((method, count, source));
            return source.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>Arms the gate; completes when the call is held.</summary>
    public Task HoldAsync(CallPoint point)
    {
        lock (_lock)
            _hold = new Hold(point);
        return _hold.Reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public void Release()
    {
        lock (_lock)
            _hold?.Released.TrySetResult();
    }

    public IXapiWire Open(HostAddress address) => new Wire(this, inner.Open(address));

    private Hold? Match(string method)
    {
        lock (_lock)
            return _hold is { } hold && hold.Point.Method == method && ++hold.Seen == hold.Point.Nth ? hold : null;
    }

    private async Task<T> ThroughAsync<T>(string method, Func<Task<T>> perform)
    {
        var hold = Match(method);
        if (hold is { Point.When: Moment.Before })
            await hold.WaitAsync();
        var answer = await CountLostAsync(perform);
        if (hold is { Point.When: Moment.After })
            await hold.WaitAsync();
        Note(method);
        return answer;
    }

    private void Note(string method)
    {
        lock (_lock)
        {
            var count = _counts[method] = _counts.GetValueOrDefault(method) + 1;
            foreach (var due in _awaited.Where(a => a.Method == method && a.Count <= count).ToList())
            {
                _awaited.Remove(due);
                due.Source.TrySetResult();
            }
        }
    }

    private async Task<T> CountLostAsync<T>(Func<Task<T>> perform)
    {
        try
        {
            return await perform();
        }
        catch (XenApiUnknownOutcome)
        {
            Interlocked.Increment(ref _lost);
            throw;
        }
    }

    [GeneratedRegex("\"method\":\"([^\"]+)\"")]
    private static partial Regex Method();

    private sealed class Wire(GatedWires gate, IXapiWire inner) : IXapiWire
    {
        public HostAddress Address => inner.Address;

        public Task<string> CallAsync(string text, TimeSpan timeout, CancellationToken stop) =>
            gate.ThroughAsync(Method().Match(text).Groups[1].Value, () => inner.CallAsync(text, timeout, stop));

        public Task PutAsync(string pathAndQuery, IByteSource body, TimeSpan timeout, CancellationToken stop) =>
            gate.ThroughAsync("PUT", async () =>
            {
                await inner.PutAsync(pathAndQuery, body, timeout, stop);
                return true;
            });

        /// <summary>Held before the first byte, or after the last.</summary>
        public async IAsyncEnumerable<ReadOnlyMemory<byte>> GetAsync(
            string pathAndQuery, TimeSpan timeout, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
        {
            var hold = gate.Match("GET");
            if (hold is { Point.When: Moment.Before })
                await hold.WaitAsync();
            await foreach (var piece in inner.GetAsync(pathAndQuery, timeout, stop))
                yield return piece;
            if (hold is { Point.When: Moment.After })
                await hold.WaitAsync();
            gate.Note("GET");
        }
    }

    private sealed class Hold(CallPoint point)
    {
        public CallPoint Point { get; } = point;
        public int Seen { get; set; }
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task WaitAsync()
        {
            Reached.TrySetResult();
            return Released.Task;
        }
    }
}

/// <summary>A call of the workflows: the step that makes it, the method on the wire (PUT for an import), which one of a build it is.</summary>
internal sealed record CallPoint(string Step, string Method, int Nth, Moment When)
{
    /// <summary>Every call of a build that changes something, by step; each before and after its effect.</summary>
    public static readonly IReadOnlyList<CallPoint> OfBuild =
    [
        .. new CallPoint[]
        {
            new("ensure-image", "VDI.create", 1, Moment.Before),
            new("ensure-image", "PUT", 1, Moment.Before),
            new("ensure-image", "VDI.add_to_other_config", 1, Moment.Before),
            new("clone-disk", "VDI.clone", 1, Moment.Before),
            new("clone-disk", "VDI.add_to_other_config", 2, Moment.Before),
            new("clone-disk", "VDI.set_other_config", 1, Moment.Before),
            new("clone-disk", "VDI.set_name_label", 1, Moment.Before),
            new("size-disk", "VDI.resize", 1, Moment.Before),
            new("create-vm", "VM.create", 1, Moment.Before),
            new("create-vm", "VM.add_to_other_config", 1, Moment.Before),
            new("attach-disk", "VBD.create", 1, Moment.Before),
            new("attach-network", "VIF.create", 1, Moment.Before),
            new("start", "Async.VM.start_on", 1, Moment.Before),
            new("seen-running", "event.inject", 1, Moment.Before),
        }.SelectMany(p => new[] { p, p with { When = Moment.After } }),
    ];

    /// <summary>Every call of a delete that changes something.</summary>
    public static readonly IReadOnlyList<CallPoint> OfDelete =
    [
        .. new CallPoint[]
        {
            new("stop-vm", "Async.VM.hard_shutdown", 1, Moment.Before),
            new("destroy-vm", "VM.destroy", 1, Moment.Before),
            new("destroy-disk", "VDI.destroy", 1, Moment.Before),
        }.SelectMany(p => new[] { p, p with { When = Moment.After } }),
    ];

    public override string ToString() => $"{Step}: {When} {Method}{(Nth > 1 ? $" no. {Nth}" : "")}";
}

internal enum Moment
{
    Before = 1,
    After = 2,
}
