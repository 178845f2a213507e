using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>The door's way to the dispatcher.</summary>
internal sealed class ServerDispatch : IServerDispatch
{
    // The database's own time-outs end first: this only keeps a request from waiting for an actor that is gone.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private IActorRef _dispatch = ActorRefs.Nobody;

    /// <summary>The dispatcher is made after the door, which makes the image tickets that it gives out.</summary>
    public void Attach(IActorRef dispatch) => _dispatch = dispatch;

    public Task<DispatchOutcome> BuildAsync(
        IReadOnlyList<BuildInstance> builds, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop) =>
        _dispatch.Ask<DispatchOutcome>(new DispatchActor.BuildServers(builds, together, deadline, traceParent), Patience, stop);

    public Task<DispatchOutcome> DeleteAsync(
        DeleteInstance delete, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop) =>
        _dispatch.Ask<DispatchOutcome>(new DispatchActor.DeleteServer(delete, together, deadline, traceParent), Patience, stop);

    public Task<DispatchOutcome> ActAsync(
        ActOnInstance act, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop) =>
        _dispatch.Ask<DispatchOutcome>(new DispatchActor.ActOnServer(act, together, deadline, traceParent), Patience, stop);

    // The actor's own limit ends first, and says so.
    public Task<DispatchOutcome> AskAsync(AskInstance question, string? traceParent, CancellationToken stop) =>
        _dispatch.Ask<DispatchOutcome>(new DispatchActor.AskServer(question, traceParent), Patience, stop);
}
