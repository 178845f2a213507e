using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>Which servers a list shows. What the rows of the intent tell is asked of the database; what only the view tells is looked at after.</summary>
/// <param name="Project">Null for all projects.</param>
/// <param name="Deleted">True: only deleted ones; false: none; null: both.</param>
/// <param name="NamePattern">PostgreSQL regular expression, as Nova's is the database's.</param>
/// <param name="Nothing">Something is asked for that no server here has.</param>
internal sealed record ServerFilter(
    ProjectId? Project,
    bool? Deleted,
    DateTimeOffset? ChangedSince,
    string? NamePattern,
    Guid? Id,
    Guid? User,
    string? Flavor,
    Guid? Image,
    string? KeyName,
    string? ReservationId,
    string? Zone,
    IReadOnlyList<string> Statuses,
    IReadOnlyList<string> VmStates,
    IReadOnlyList<string> TaskStates,
    IReadOnlyList<int> PowerStates,
    string? Host,
    bool Nothing)
{
    public DateTimeOffset? ChangedBefore { get; init; }

    /// <summary>True: only locked ones; false: none; null: both.</summary>
    public bool? Locked { get; init; }

    public TagFilter Tags { get; init; } = TagFilter.None;

    /// <summary>The compute cell that reported it last; null for all.</summary>
    public CellName? Cell { get; init; }

    /// <summary>True: only those that something is being done with, or is to be done with.</summary>
    public bool Working { get; init; }

    public static readonly ServerFilter All = new(null, false, null, null, null, null, null, null, null, null, null, [], [], [], [], null, false);

    /// <summary>What the database was not asked, or could only be asked roughly.</summary>
    public bool Shows(Server server)
    {
        var view = server.View;
        return (Deleted is null || Deleted == (view.VmState == VmState.Deleted))
            && (ChangedSince is null || view.UpdatedAt >= ChangedSince)
            && (ChangedBefore is null || view.UpdatedAt <= ChangedBefore)
            && (Statuses.Count == 0 || Statuses.Contains(view.Status, StringComparer.OrdinalIgnoreCase))
            && (VmStates.Count == 0 || VmStates.Contains(view.VmState.Name(), StringComparer.OrdinalIgnoreCase))
            && (TaskStates.Count == 0 || TaskStates.Contains(view.TaskState.Name() ?? "none", StringComparer.OrdinalIgnoreCase))
            && (PowerStates.Count == 0 || PowerStates.Contains((int)view.PowerState))
            && (Host is null || view.HostName == Host)
            && (Cell is null || view.Cell == Cell)
            && (!Working || view.TaskState != TaskState.None || view.Step is not null);
    }

    /// <summary>Whether a page of rows may lose some to <see cref="Shows"/>, beyond what a race loses.</summary>
    public bool IsJudgedByView => (ChangedSince ?? ChangedBefore) is not null || Statuses.Count + VmStates.Count + TaskStates.Count + PowerStates.Count > 0 || Host is not null
        || Cell is not null || Working;
}

/// <summary>Which tags a server has; null asks nothing.</summary>
/// <param name="All">Every one of them.</param>
/// <param name="Any">At least one.</param>
/// <param name="NotAll">Not every one.</param>
/// <param name="NotAny">None.</param>
internal sealed record TagFilter(IReadOnlyList<string>? All, IReadOnlyList<string>? Any, IReadOnlyList<string>? NotAll, IReadOnlyList<string>? NotAny)
{
    public static readonly TagFilter None = new(null, null, null, null);
}
