using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>What the user asked for: the row <c>instance_intent</c>. Flavor and image are as they were when ordered.</summary>
/// <param name="FlavorMade">Which flavor of that id is meant: the insert misses when it is gone.</param>
/// <param name="Number">Rises by one per accepted action; the build is 1.</param>
/// <param name="RequestId">Of the last accepted action; so is <paramref name="Deadline"/>.</param>
/// <param name="TerminatedAt">Set once nothing of it is left anywhere; until then it counts against the quota.</param>
public sealed record InstanceIntent(
    InstanceId Id,
    ProjectId Project,
    UserId User,
    string Name,
    IReadOnlyDictionary<string, string> Metadata,
    Flavor Flavor,
    Guid FlavorMade,
    ImageSpec Image,
    string? KeyName,
    PlacementHints Hints,
    string DiskConfig,
    string? AccessIpV4,
    string? AccessIpV6,
    string ReservationId,
    long Number,
    Desired Desired,
    string RequestId,
    DateTimeOffset Deadline,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? TerminatedAt)
{
    public string? Description { get; init; }

    /// <summary>A name that DNS takes, made of the name at create; a later name does not change it.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Place among the servers of one request, from 0.</summary>
    public int LaunchIndex { get; init; }

    /// <summary>In order; at most <see cref="ServerTags.Most"/>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Null while nobody has locked it.</summary>
    public ServerLock? Lock { get; init; }

    /// <summary>The server group it was made in; null for none.</summary>
    public Guid? Group { get; init; }

    /// <summary>What the last accepted action shows until the server's cell works on it.</summary>
    public TaskState Task { get; init; } = TaskState.Scheduling;

    public ViewIntent ForView => new(Number, Task, UpdatedAt, TerminatedAt);

    /// <summary>The command that builds it, as the home sends it.</summary>
    public BuildInstance ToBuild(long epoch) =>
        new(Id, epoch, Number, GenerationFloor: 0, Project, User, RequestId, Name, Flavor, Image, Hints);
}

/// <summary>A locked server refuses changes; one that an admin locked, also its owner's.</summary>
/// <param name="Reason">As given with the lock; null for none.</param>
public sealed record ServerLock(bool ByAdmin, string? Reason)
{
    /// <summary>As Nova keeps it, and the column.</summary>
    internal string Holder => ByAdmin ? "admin" : "owner";
}

/// <summary>The end state the user wants.</summary>
public enum Desired
{
    Active = 1,
    Deleted = 2,
}
