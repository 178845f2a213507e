using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;

namespace Cells.Compute.Workflows;

/// <summary>What a step works with: the committed row, the pool's session, and the references of this session.</summary>
/// <param name="Host">The host of the row's place; null only for a step that needs none (<see cref="Needs"/>).</param>
/// <param name="Sr">The SR of the row's place; null (<see cref="XenRef{T}.IsNull"/>) when the pool shows none of that uuid.</param>
/// <param name="Networks">What the host carries, by key (<see cref="NetworkKeys"/>).</param>
/// <param name="Awaited">What earlier probes of this step found under way; see <see cref="Probing"/>.</param>
/// <param name="Now">When the step was begun, by this cell's clock.</param>
/// <param name="GuestPatience">How long a guest may take to shut itself down.</param>
internal sealed record StepContext(
    Instance Row, PoolOwner Owner, IPoolCalls Pool, XenRef<Host> Host, XenRef<Sr> Sr, IReadOnlyDictionary<string, XenRef<Network>> Networks,
    IImageCache Images, Awaited Awaited, DateTimeOffset Now, TimeSpan GuestPatience)
{
    /// <summary>Whether the host of the row's place is heard, at its own address; null while that is not known: after a start, or within its first seconds of silence.</summary>
    public bool? HostIsHeard { get; init; }

    /// <summary>The host of the row's second place is known to be away.</summary>
    public bool SecondIsDown { get; init; }

    public HostSaid Said { get; init; } = new();

    /// <summary>The references of the row's second place; null when it has none, or the pool shows no such host or SR.</summary>
    public TargetRefs? Target { get; init; }
}

/// <param name="Networks">What that host carries, by key.</param>
internal sealed record TargetRefs(XenRef<Host> Host, XenRef<Sr> Sr, IReadOnlyDictionary<string, XenRef<Network>> Networks);

/// <summary>A pool's session as steps use it.</summary>
internal interface IPoolCalls
{
    Task<T> CallAsync<T>(XenRequest<T> request, CancellationToken stop);

    /// <summary>What a call by uuid gives, asked once for each object and connection: a reference holds as long as its object and its session.</summary>
    Task<XenRef<T>> RefAsync<T>(XenRequest<XenRef<T>> byUuid, CancellationToken stop);

    /// <summary>Spares the question: this is what the call would give.</summary>
    void Remember<T>(XenRequest<XenRef<T>> byUuid, XenRef<T> reference);

    /// <summary>Begins the call as a task, waits for its end, destroys the task and gives its result.</summary>
    Task<T> RunTaskAsync<T>(XenRequest<T> request, CancellationToken stop);

    /// <summary>Begins the call as a task and leaves it to itself: whoever begins it sees to the task.</summary>
    Task<XenRef<XenTask>> BeginTaskAsync<T>(XenRequest<T> request, CancellationToken stop);

    /// <summary>Sends bytes into an existing disk and waits until the host has them all.</summary>
    Task ImportRawVdiAsync(XenRef<Vdi> vdi, IByteSource body, TimeSpan timeout, CancellationToken stop);

    /// <summary>Lets <paramref name="use"/> read what a disk holds. Done only when the host says that it gave all of it.</summary>
    /// <param name="length">The disk's virtual size.</param>
    /// <param name="timeout">For the transfer.</param>
    Task<T> ExportRawVdiAsync<T>(XenRef<Vdi> vdi, long length, TimeSpan timeout, Func<IByteSource, Task<T>> use, CancellationToken stop);

    /// <summary>Completes once everything that happened on the pool before this call has been observed.</summary>
    Task BarrierAsync(CancellationToken stop);
}

/// <summary>The tasks that may be our lost call, noted for each call when it was first probed. Once these have ended, the call has.</summary>
internal sealed class Awaited
{
    private readonly SortedDictionary<string, SortedSet<string>> _tasks = new(StringComparer.Ordinal);

    /// <summary>How many of the tasks that were pending at the first look still are.</summary>
    public int StillPending(string call, IEnumerable<string> pending)
    {
        if (_tasks.TryGetValue(call, out var noted))
            noted.IntersectWith(pending);
        else
            _tasks[call] = noted = new SortedSet<string>(pending, StringComparer.Ordinal);
        return noted.Count;
    }

    public void Forget() => _tasks.Clear();
}
