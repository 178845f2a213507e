using Cells.Compute.Hosts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>What operators have said of hosts: kept first, then placed by, and told upward with the host's row.</summary>
internal sealed partial class PlacerActor
{
    private void OnConfigureHost(WorkReceived work, ConfigureHost setting, IActorRef link) =>
        Configure(work, setting, link, isShown: _inventory.Find(setting.Host) is not null);

    /// <param name="isShown">The host has a row, which goes up again with the number that it follows now.</param>
    private void Configure(WorkReceived work, ConfigureHost setting, IActorRef link, bool isShown)
    {
        if (_inventory.SettingOf(setting.Host)?.Number >= setting.Number)
        {
            link.Tell(new WorkDone(work.Link, work.Number), Self);
            Count(work.Link, work.Incarnation, work.Number);
            return;
        }
        IWrite[] touch = isShown ? [new TouchHost(setting.Host, Now)] : [];
        var proofs = ProofWrites(setting);
        Show(new Change([new PutHostSetting(setting), .. proofs, .. touch]), outcome =>
        {
            switch (outcome)
            {
                case CommitOutcome.Unavailable away:
                    ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, away.Reason);
                    Later(() => Configure(work, setting, link, isShown));
                    break;
                case CommitOutcome.Missed:
                    Configure(work, setting, link, isShown: false);   // shown, and its row not written yet: it will be
                    break;
                default:
                    _inventory.Configure(setting);
                    if (proofs.Count > 0)
                        ReadProofsAgain();
                    NewsAreDue();
                    link.Tell(new WorkDone(work.Link, work.Number), Self);
                    Count(work.Link, work.Incarnation, work.Number);
                    break;
            }
        });
    }
}
