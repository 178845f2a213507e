using Cells.Api.Dispatch;
using Cells.Api.Images;
using Cells.Api.Networks;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

public sealed class HomeIntents : IHomeIntents
{
    public IReadOnlyList<IWrite> Terminated(InstanceId instance, DateTimeOffset at) =>
    [
        new ConfirmTerminated(instance, at), new ReleasePorts(instance, at), new CloseActions(instance, at), new CloseMigrations(instance, at),
        new DropSnapshot(instance, null),
    ];

    public IReadOnlyList<IWrite> Acted(InstanceActed answer) =>
    [
        new SettleFlavor(answer), new EndMigration(answer), new EndAction(answer), new SettleRebuild(answer),
        .. answer.Outcome == ActionOutcome.Done ? Array.Empty<IWrite>() : [new DropSnapshot(answer.Instance, answer.Intent)],
    ];
}
