using System.Globalization;
using Cells.Compute.Instances;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>How our objects are told from others': names and other_config keys. An object without them is outside, and never changed.</summary>
internal static class Marks
{
    public const string Instance = "cells-instance";
    public const string Epoch = "cells-epoch";
    public const string Attempt = "cells-attempt";

    /// <summary>The uuid of the object that carries it. A clone copies its source's, and so shows itself as unfinished, or as somebody's copy.</summary>
    public const string Self = "cells-self";

    /// <summary>The image whose bytes a cached disk holds.</summary>
    public const string Image = "cells-image";

    /// <summary>The part a disk plays for its instance, in small letters; absent from its own disk (<see cref="DiskRole"/>).</summary>
    public const string Role = "cells-role";

    /// <summary>The intent that a disk with a role was made for: what an earlier one left behind is never taken for it.</summary>
    public const string Intent = "cells-intent";

    /// <summary>On a disk with a role for which its instance holds a claim, as a resize does for both of its disks: it is not counted a second time as used by others.</summary>
    public const string Claimed = "cells-claimed";

    /// <summary>The name that finds an instance's VM and disks with one filtered read.</summary>
    public static string NameOf(InstanceId instance) => $"instance-{instance}";

    public static string NameOf(ImageId image) => $"image-{image}";

    public static SortedDictionary<string, string> Of(Stamp stamp) => new(StringComparer.Ordinal)
    {
        [Instance] = stamp.Instance.ToString(),
        [Epoch] = stamp.Epoch.ToString(CultureInfo.InvariantCulture),
        [Attempt] = stamp.Attempt.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>All that a disk of an instance carries; of its own disk neither role nor intent is said.</summary>
    public static SortedDictionary<string, string> OfDisk(Stamp stamp, Guid self, DiskRole role, long intent)
    {
        var marks = Of(stamp);
        marks[Self] = self.ToString("D");
        if (role == DiskRole.Root)
            return marks;
        marks[Role] = role.ToString().ToLowerInvariant();
        marks[Intent] = intent.ToString(CultureInfo.InvariantCulture);
        return marks;
    }

    /// <summary>As <see cref="OfDisk"/>, of one that a claim is held for.</summary>
    /// <param name="self">Null for a disk that is only being made: its own uuid is known once it is there.</param>
    public static SortedDictionary<string, string> OfClaimedDisk(Stamp stamp, Guid? self, DiskRole role, long intent)
    {
        var marks = OfDisk(stamp, self ?? Guid.Empty, role, intent);
        if (self is null)
            marks.Remove(Self);
        if (role != DiskRole.Root)
            marks[Claimed] = "true";
        return marks;
    }

    public static DiskRole RoleOf(IReadOnlyDictionary<string, string> otherConfig) => otherConfig.GetValueOrDefault(Role) switch
    {
        null => DiskRole.Root,
        "rescue" => DiskRole.Rescue,
        "former" => DiskRole.Former,
        "next" => DiskRole.Next,
        "snapshot" => DiskRole.Snapshot,
        _ => DiskRole.Other,
    };

    /// <summary>Whether a disk was made for that role, and not for an earlier intent.</summary>
    public static bool IsMadeFor(IReadOnlyDictionary<string, string> otherConfig, DiskRole role, long intent) =>
        RoleOf(otherConfig) == role
        && (role == DiskRole.Root || (otherConfig.TryGetValue(Intent, out var text) && text == intent.ToString(CultureInfo.InvariantCulture)));

    /// <summary>
    /// Whether a disk counts as its instance's: not a copy or a snapshot that somebody made of one. A snapshot is only one of ours when it says so
    /// itself: snapshots copy the marks of their source, so that an operator's has the instance's stamp too.
    /// </summary>
    public static bool IsOwnDisk(XenApi.Vdi disk) =>
        disk.Managed && !IsCopy(disk.Uuid, disk.OtherConfig)
        && (!disk.IsASnapshot || (RoleOf(disk.OtherConfig) == DiskRole.Snapshot && disk.OtherConfig.ContainsKey(Self)));

    /// <summary>Null unless all three keys are there and well formed: anything else is not (yet) an instance's.</summary>
    public static Stamp? Read(IReadOnlyDictionary<string, string> otherConfig) =>
        InstanceOf(otherConfig) is { } instance
        && otherConfig.TryGetValue(Epoch, out var epochText) && long.TryParse(epochText, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
        && otherConfig.TryGetValue(Attempt, out var attemptText) && int.TryParse(attemptText, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? new Stamp(instance, epoch, attempt)
            : null;

    /// <summary>
    /// Whether it has another object's whole stamp: a copy that somebody made of an instance's VM or disk, and theirs. A clone of ours whose stamping was
    /// interrupted has not the whole stamp yet.
    /// </summary>
    public static bool IsCopy(Guid uuid, IReadOnlyDictionary<string, string> otherConfig) =>
        otherConfig.TryGetValue(Self, out var self) && self != uuid.ToString("D") && Read(otherConfig) is not null;

    /// <summary>Whose an object is, also while its stamping is not finished; null when it is nobody's.</summary>
    public static InstanceId? InstanceOf(IReadOnlyDictionary<string, string> otherConfig) =>
        otherConfig.TryGetValue(Instance, out var text) && Guid.TryParseExact(text, "D", out var id) ? new InstanceId(id) : null;
}
