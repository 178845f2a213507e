namespace Cells.Chaos.Stepping;

/// <summary>
/// Something that leaves a cell, or comes back to it, as a description: a use of the database, a call to a hypervisor, its answer, a frame on its
/// way. It happens when the stepper draws it.
/// </summary>
internal interface IEffect
{
    /// <summary>The cell that it belongs to: a crash of that cell takes it along.</summary>
    string Owner { get; }

    /// <summary>For the event log and for people; the same in every run of a seed.</summary>
    string Describe();

    void Perform();

    /// <summary>
    /// The owner died before it was drawn. What had left the process may still happen outside (drawn by <paramref name="chance"/>), but nobody
    /// hears of it: no completion is completed.
    /// </summary>
    void OwnerDied(Random chance);
}
