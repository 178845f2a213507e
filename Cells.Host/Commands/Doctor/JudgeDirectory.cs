namespace Cells.Host.Commands.Doctor;

/// <summary>What is wrong with a data directory, whether its tree runs or not.</summary>
internal static class JudgeDirectory
{
    private const long Gib = 1L << 30;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static IEnumerable<Finding> Of(DirectoryFacts facts) => [Process(facts), Disk(facts), .. Keys(facts), .. Database(facts)];

    private static Finding Process(DirectoryFacts facts) => facts.Holder is { } pid
        ? Finding.Ok("directory", $"{facts.Path} is held by process {pid}.")
        : Finding.Wrong("directory", $"No process holds {facts.Path}: its tree does not run.",
            facts.StartedBy is { } words
                ? $"Start it again: `{words}`, or the service that does so."
                : $"Start it: `cells up --data {facts.Path}` for a tree of simulated hosts, else `cells run` with the file that names this directory.");

    /// <summary>PostgreSQL stops when its disk is full, and image uploads may take what is left at once.</summary>
    private static Finding Disk(DirectoryFacts facts)
    {
        var text = $"{facts.FreeBytes / (double)Gib:0.0} of {facts.TotalBytes / (double)Gib:0.0} GiB are free where {facts.Path} lies.";
        if (facts.FreeBytes < Gib)
            return Finding.Wrong("disk", text, "Make room now: the databases stop when nothing is left.");
        return facts.FreeBytes < 5 * Gib && facts.FreeBytes < facts.TotalBytes / 10
            ? Finding.Warning("disk", text, "Make room: databases and images grow.")
            : Finding.Ok("disk", text);
    }

    private static IEnumerable<Finding> Keys(DirectoryFacts facts)
    {
        var open = facts.Secrets.Where(s => (s.Mode & Others) != 0).Select(s => s.File).ToList();
        return open.Count == 0
            ? [Finding.Ok("keys", $"The {facts.Secrets.Count} files that hold keys and passwords are their owner's alone.")]
            : open.Select(file => Finding.Wrong("keys", $"{file} can be read by others than its owner.",
                $"chmod 600 {Path.Combine(facts.Path, file)} and, should others have been on this machine, replace what is in it."));
    }

    private static IEnumerable<Finding> Database(DirectoryFacts facts)
    {
        if (facts.Problem is { } problem)
        {
            yield return Finding.Wrong("database", $"The private PostgreSQL on port {facts.Port} does not answer: {problem}", $"Its log is {Path.Combine(facts.Path, "postgres", "postgres.log")}.");
            yield break;
        }
        foreach (var cell in facts.Cells)
        {
            // A lease that is free while the process runs: the cell's node could not take it.
            if (cell.FreeLeases.Count > 0 && facts.Holder is not null)
                yield return Finding.Warning("leases", $"Nobody holds the lease of {string.Join(", ", cell.FreeLeases)}: nothing is decided there.", "Should it stay so, look at what the process writes to standard error.");
            if (cell.Parked > 0)
                yield return Finding.Wrong("parked", $"{cell.Parked} messages are parked in cell {cell.Cell}.", "They wait for an operator of that cell: see docs/operator/command-line.md.");
        }
        if (facts.Cells.Count > 0)
            yield return Finding.Ok("database", $"The databases of {facts.Cells.Count} cells answer on port {facts.Port}.");
    }
}
