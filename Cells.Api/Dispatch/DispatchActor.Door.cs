using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>New servers from this cell's own door: several in one change, with what the door adds to it.</summary>
internal sealed partial class DispatchActor
{
    private void OnBuildServers(BuildServers asked)
    {
        var scene = Scene;
        scene = scene with { Patience = asked.Deadline - scene.Now };
        var planned = new List<(Slot Slot, Decision Decision)>();
        var writes = new List<IWrite>(asked.Together);
        foreach (var build in asked.Builds)
        {
            // The ids are new, so there is nothing to read; whatever is heard of them meanwhile waits behind this change.
            var slot = new Slot(build.Instance) { Rows = [], Busy = true };
            if (!_slots.TryAdd(build.Instance, slot))
            {
                Abandon(planned);
                Sender.Tell(new Status.Failure(new InvalidOperationException($"Instance id {build.Instance} is in use already.")));
                return;
            }
            var decision = Dispatching.FirstDispatch(build, from: null, scene);
            planned.Add((slot, decision));
            if (FullLane(decision) is { } full)
            {
                Abandon(planned);
                Sender.Tell(new DispatchOutcome.LaneFull(full, LaneRetry));
                return;
            }
            slot.Span = BeginSpan("Build", asked.TraceParent, build.Instance);
            writes.AddRange(Writes(decision, build.Instance, slot.Span?.Id ?? asked.TraceParent));
        }
        PipeToSelf(
            _parts.Committer.CommitAsync(new Change(writes)),
            outcome => new ServersCommitted(planned, asked.Together, outcome),
            error => new ServersCommitted(planned, asked.Together, new CommitOutcome.Unavailable(error.Message)),
            Sender);
    }

    private void OnServersCommitted(ServersCommitted ended)
    {
        if (ended.Outcome is CommitOutcome.Committed committed)
        {
            var first = 0;
            foreach (var (slot, decision) in ended.Planned)
            {
                slot.Rows = _parts.IsShared ? null : decision.Rows;
                Remember(slot.Instance, decision, [.. committed.WorkNumbers.Skip(first).Take(decision.Mail.Count)]);
                first += decision.Mail.Count;
            }
        }
        Abandon(ended.Planned);
        Sender.Tell(new DispatchOutcome.Ended(ended.Outcome is CommitOutcome.Missed missed
            ? new CommitOutcome.Missed([.. missed.Writes.Where(ended.Together.Contains)])
            : ended.Outcome));
    }

    /// <summary>The change is over, one way or the other: whatever waited behind it goes on.</summary>
    private void Abandon(List<(Slot Slot, Decision Decision)> planned)
    {
        foreach (var (slot, _) in planned)
        {
            Traces.End(slot.Span);
            slot.Busy = false;
            Continue(slot);
        }
    }

    /// <summary>From the door: see <see cref="IServerDispatch.BuildAsync"/>.</summary>
    internal sealed record BuildServers(
        IReadOnlyList<BuildInstance> Builds, IReadOnlyList<IWrite> Together, DateTimeOffset Deadline, string? TraceParent);

    /// <summary>From the door: see <see cref="IServerDispatch.DeleteAsync"/>.</summary>
    internal sealed record DeleteServer(
        DeleteInstance Command, IReadOnlyList<IWrite> Together, DateTimeOffset Deadline, string? TraceParent);

    /// <summary>From the door: see <see cref="IServerDispatch.ActAsync"/>.</summary>
    internal sealed record ActOnServer(
        ActOnInstance Command, IReadOnlyList<IWrite> Together, DateTimeOffset Deadline, string? TraceParent);

    private sealed record ServersCommitted(
        List<(Slot Slot, Decision Decision)> Planned, IReadOnlyList<IWrite> Together, CommitOutcome Outcome);
}
