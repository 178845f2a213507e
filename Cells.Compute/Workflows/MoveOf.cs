using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Contracts;
using Cells.Scheduler;

namespace Cells.Compute.Workflows;

/// <summary>What a workflow asks of the second place of its instance: a pure function of the row.</summary>
internal static class MoveOf
{
    /// <param name="diskIsShared">Whether other hosts can see the SR of its disk.</param>
    /// <exception cref="ArgumentException">The row's workflow goes nowhere.</exception>
    public static MoveAsked Of(Instance row, bool diskIsShared)
    {
        var (work, place, command) = (row.Work!, row.Place!, row.Command!);
        var request = ClaimOf.RequestOf(command, []);
        var asked = row.Actions.Current;
        return work.Workflow switch
        {
            WorkflowKind.LiveMigrate when !diskIsShared => new MoveAsked.Cannot(
                $"{row.Id} is not on shared storage: the disk is on storage that host {place.HostName} alone sees, and live migration does not move disks."),
            // xapi's table of operations allows pool_migrate in state Running alone.
            WorkflowKind.LiveMigrate when row.PowerState != PowerState.Running => new MoveAsked.Cannot(
                $"{row.Id} is {row.VmState.Name()}: the hypervisor moves only what runs. Unpause it first."),
            WorkflowKind.LiveMigrate => new MoveAsked.To(
                request with { DiskBytes = 0, Move = new MoveRule(place.Pool, place.Host, place.Sr, asked?.Host) }, command.Flavor, HasDisk: false, row.VmState),
            WorkflowKind.Resize => new MoveAsked.To(
                ClaimOf.RequestOf(command with { Flavor = asked?.Flavor ?? command.Flavor }, []) with
                {
                    Move = new MoveRule(place.Pool, asked?.Action == InstanceAction.Migrate ? place.Host : null, Disk: null, asked?.Host),
                },
                asked?.Flavor ?? command.Flavor, HasDisk: true, row.PowerState == PowerState.Shutdown ? VmState.Stopped : VmState.Active),
            WorkflowKind.Evacuate when diskIsShared && row.Vm is not null => new MoveAsked.To(
                request with { DiskBytes = 0, Move = new MoveRule(place.Pool, place.Host, place.Sr, asked?.Host) }, command.Flavor, HasDisk: false,
                row.VmState == VmState.Stopped ? VmState.Stopped : VmState.Active),
            WorkflowKind.Evacuate => new MoveAsked.Anew(request with { Move = new MoveRule(null, row.Vm is null ? null : place.Host, null, asked?.Host) }),
            _ => throw new ArgumentException($"{work.Workflow} goes nowhere.", nameof(row)),
        };
    }
}

internal abstract record MoveAsked
{
    private MoveAsked() { }

    /// <param name="HasDisk">It gets a disk of its own there.</param>
    /// <param name="State">What it is to be there.</param>
    public sealed record To(PlacementRequest Request, Flavor Flavor, bool HasDisk, VmState State) : MoveAsked;

    /// <summary>Nothing of it can be reached: it is built anew from its image, wherever there is room.</summary>
    public sealed record Anew(PlacementRequest Request) : MoveAsked;

    /// <summary>No host will do, whatever it has.</summary>
    public sealed record Cannot(string Reason) : MoveAsked;
}
