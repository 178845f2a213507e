using Cells.Compute.Workflows;

namespace Cells.Compute.Hosts;

/// <summary>How many steps of which sort are performed on one host at once: those that may take hours have places of their own, and hold up no other.</summary>
internal sealed class HostPlaces(int steps, int transfers)
{
    private int _steps, _transfers;

    public bool HasRoomFor(WorkflowStep step) => (!step.OnHost || _steps < steps) && (!step.Transfers || _transfers < transfers);

    public void Take(WorkflowStep step) => Count(step, 1);

    public void Leave(WorkflowStep step) => Count(step, -1);

    private void Count(WorkflowStep step, int by)
    {
        _steps += step.OnHost ? by : 0;
        _transfers += step.Transfers ? by : 0;
    }
}
