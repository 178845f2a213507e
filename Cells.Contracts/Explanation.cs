namespace Cells.Contracts;

/// <summary>
/// Why one level decided as it did: who was asked, what each filter removed and why, the best scores, and what would have made it fit.
/// Made by the same pass that decides; kept for the life of the server.
/// </summary>
/// <param name="Cell">Who decided.</param>
/// <param name="Question">"cell" (which child) or "host" (which host and SR).</param>
/// <param name="Chosen">Name of the child cell or host; null when nothing fitted.</param>
/// <param name="Candidates">How many there were before any filter.</param>
/// <param name="Silent">Neighbours that were not considered because they have not been heard.</param>
/// <param name="WouldFit">One sentence for people; null when something was chosen.</param>
public sealed record Explanation(
    CellName Cell,
    string Question,
    string? Chosen,
    int Candidates,
    IReadOnlyList<FilterCount> Removed,
    IReadOnlyList<CandidateScore> Best,
    IReadOnlyList<string> Silent,
    string? WouldFit);

/// <summary>How many candidates one filter removed, with at most three examples ("h3: needs 8192 MiB, has 6100 MiB").</summary>
public sealed record FilterCount(string Filter, int Count, IReadOnlyList<string> Examples);

/// <summary>A candidate that passed all filters, with its score and what the score is made of (weigher: multiplier x value).</summary>
public sealed record CandidateScore(string Name, double Score, IReadOnlyList<WeigherScore> Parts);

public sealed record WeigherScore(string Weigher, double Multiplier, double Value);

/// <summary>One durable "no" to one epoch of an instance: who said it, at which step of which attempt, in words for people.</summary>
/// <param name="Code">Counted and compared, such as <c>no_valid_host</c>, <c>build_failed</c>, <c>cancelled</c>, <c>silent</c>.</param>
/// <param name="Why">The decision behind it; null where nothing was chosen from (a host that failed, say).</param>
public sealed record Refusal(CellName Cell, string Code, string Reason, Explanation? Why);
