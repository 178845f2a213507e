using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Fleet;

/// <summary>A hypervisor as its cell last showed it, and what operators said of it.</summary>
/// <param name="Link">The child that its cell is reached under.</param>
/// <param name="Number">What clients of versions without uuids know it by.</param>
/// <param name="Setting">Null while nobody has said anything.</param>
/// <param name="Working">Instances on it with a task under way; 0 where they were not asked for.</param>
internal sealed record FleetHost(HostRow Row, CellName Link, long Number, ConfigureHost? Setting, int Working)
{
    public string Zone => Setting?.Zone ?? Row.Zone ?? "nova";

    public bool IsDisabled => Setting is { Disabled: true } || Row.Enabled == false;

    public string? DisabledReason => Setting?.Reason;

    /// <summary>Of its cell: what is known of a host is as old as what was last heard of its cell. Known only where <see cref="SeenFleet"/> read it.</summary>
    public CellAge Age { get; init; }

    public bool IsForcedDown => Setting is { ForcedDown: true };

    /// <summary>Its cell hears it and is heard itself, and nobody says otherwise.</summary>
    public bool IsUp => !IsForcedDown && !Age.Silent && Row.Status is "up" or "maintenance";

    /// <summary>The proof that it runs nothing: what counts for its cell, or an operator's word that is still on its way there; null without one.</summary>
    public FenceWord? Fence => Row.Fence ?? (Setting is { Fence: { } word } said && said.Number > (Row.SettingNumber ?? 0) ? word : null);

    /// <summary>When it was last known to be as it is shown: with the last news of its cell while that hears it, else when it was seen to change.</summary>
    /// <param name="now">By this cell's clock, as ages are.</param>
    public DateTimeOffset SeenAt(DateTimeOffset now) =>
        Row.Status is "up" or "maintenance" && Age.HeardSecondsAgo is { } ago && now - TimeSpan.FromSeconds(ago) is var heard && heard > Row.UpdatedAt ? heard : Row.UpdatedAt;

    /// <summary>
    /// What goes down next: as it was, under the next number. Above what the cell says it follows, too: a home that was restored from a backup has forgotten
    /// numbers that its cell would call newer.
    /// </summary>
    public ConfigureHost NextSetting =>
        (Setting ?? new ConfigureHost(Row.Host, Row.Cell, 0, Disabled: false, Reason: null, ForcedDown: false, Zone: null, Aggregates: []))
            with { Cell = Row.Cell, Number = Math.Max(Setting?.Number ?? 0, Row.SettingNumber ?? 0) + 1 };
}

/// <summary>A server on a hypervisor.</summary>
internal sealed record HostedServer(HostId Host, InstanceId Instance);

/// <summary>A host aggregate: hosts that have something in common; with a zone it is an availability zone's part.</summary>
internal sealed record Aggregate(
    int Id, Guid Uuid, string Name, string? Zone, IReadOnlyDictionary<string, string> Metadata, DateTimeOffset CreatedAt, DateTimeOffset? UpdatedAt,
    long Generation, IReadOnlyList<HostId> Hosts)
{
    public HostAggregate ForPlacement => new(Name, Metadata);
}
