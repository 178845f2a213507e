using Cells.Compute.Nodes;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Compute.Images;

/// <summary>Asks the homes of snapshots for leave to send them. A lost request or ticket is asked for again by whoever waits.</summary>
internal sealed class UploadTicketsActor : ReceiveActor
{
    private readonly SortedDictionary<Guid, IActorRef> _askers = [];

    /// <param name="tickets">Asks above where this process does not lead its cell; null: this actor asks itself.</param>
    public UploadTicketsActor(ImageCacheSetup setup, Action<AskTicket>? tickets = null)
    {
        Receive<AskToSend>(m =>
        {
            _askers[m.Image.Value] = Sender;                     // an earlier one has given up: one workflow makes an image
            var ask = new AskTicket(m.Parent, m.Image, ToWrite: true);
            if (tickets is not null)
                tickets(ask);
            else
                PipeToSelf(
                    setup.Committer.CommitAsync(ask.Change(setup.Cell)),
                    outcome => new Asked(outcome),
                    error => throw new InvalidOperationException($"The committer gave no outcome for the request to send image {m.Image}.", error));
        });
        Receive<Asked>(m =>
        {
            if (m.Outcome is CommitOutcome.Unavailable away)
                ComputeTelemetry.DatabaseAway(setup.Logger, setup.Cell, away.Reason);
        });
        Receive<ImageTicket>(m =>
        {
            if (_askers.Remove(m.Image.Value, out var asker))
                asker.Tell(m, Self);
        });
    }

    private sealed record Asked(CommitOutcome Outcome);
}

/// <summary>Answered with an <see cref="ImageTicket"/> when it comes.</summary>
internal sealed record AskToSend(ImageId Image, CellName Parent);
