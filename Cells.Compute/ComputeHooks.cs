namespace Cells.Compute;

/// <summary>
/// Bugs that tests plant to prove that the checkers find them. Nothing but a test can reach them: no configuration, environment variable or
/// command line leads here.
/// </summary>
/// <param name="DropEpochCheck">Writes no longer name the assignment, and a command of a lower epoch is obeyed.</param>
/// <param name="SkipTombstone">A deleted instance is forgotten, so that a late build of it is obeyed.</param>
/// <param name="RepeatActions">An action that comes again is carried out again.</param>
internal sealed record ComputeHooks(bool DropEpochCheck = false, bool SkipTombstone = false, bool RepeatActions = false)
{
    public static readonly ComputeHooks None = new();
}
