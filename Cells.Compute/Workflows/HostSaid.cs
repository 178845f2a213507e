using Cells.Compute.XenApi;

namespace Cells.Compute.Workflows;

/// <summary>
/// What the host itself has said of a step, which is no plain no, while nothing of the step was done. Kept with the step, and forgotten with it: after a
/// crash it is counted anew.
/// </summary>
internal sealed class HostSaid
{
    private const int TakenAtItsWord = 3;

    private XenApiFailure? _last;
    private int _times;

    /// <summary>Why an undo has not brought everything back, where its host would not; null when it has.</summary>
    public string? NotBack { get; private set; }

    public void Note(XenApiFailure failure) => (_last, _times) = FailureKinds.MayLast(failure.Code) ? (failure, _times + 1) : (null, 0);

    public void LeaveAsItIs(string reason) => NotBack = reason;

    /// <summary>An answer was lost: what was said before it proves nothing of what it has done.</summary>
    public void Forget() => (_last, _times) = (null, 0);

    /// <summary>To be asked only once a probe has found that nothing was done. A task that somebody cancelled is not begun again.</summary>
    public XenApiFailure? No => _times >= TakenAtItsWord || _last?.Code == "TASK_CANCELLED" ? _last : null;
}
