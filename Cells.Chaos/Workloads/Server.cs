using Cells.Contracts;

namespace Cells.Chaos.Workloads;

/// <summary>A server as its client knows it: what was asked, what was answered, what was seen since.</summary>
internal sealed class Server(string name, ProjectId project)
{
    public string Name => name;

    public ProjectId Project => project;

    /// <summary>Null until a create was answered 202, or the server was found by its name after an answer was lost.</summary>
    public InstanceId? Id { get; set; }

    /// <summary>The create's answer: its HTTP status; 0 when it was lost.</summary>
    public int CreateStatus { get; set; } = -1;

    /// <summary>A delete was accepted (204): from now on the server is going, whatever else is asked.</summary>
    public bool DeleteAccepted { get; set; }

    /// <summary>A delete was asked; perhaps nobody answered.</summary>
    public bool DeleteAsked { get; set; }

    /// <summary>Actions that were answered 202.</summary>
    public int ActionsAccepted { get; set; }

    /// <summary>Actions whose answer was lost: accepted or not, nobody was told.</summary>
    public int ActionsUnknown { get; set; }

    /// <summary>The last status word seen; null before the first look. GONE after a 404.</summary>
    public string? Seen { get; set; }

    public string? Task { get; set; }

    public bool HasBeenActive { get; set; }

    public string? Fault { get; set; }

    public bool IsGone => Seen == Gone;

    public const string Gone = "GONE";

    /// <summary>Nothing is expected to change by itself.</summary>
    public bool IsSettled => CreateStatus is > 202 or 400 || IsGone || (Id is not null && !DeleteAccepted && Seen is "ACTIVE" or "ERROR" or "SHUTOFF" or "PAUSED" or "SUSPENDED" or "RESCUE" or "VERIFY_RESIZE" && Task is null);
}
