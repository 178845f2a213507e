using System.Globalization;
using Cells.Contracts;

namespace Cells.Compute.Pools;

/// <summary>
/// What makes an object on a host ours: which build of which instance made it. It stands in the object's other_config from its creation on, so
/// a cell's rows can be rebuilt from its hosts.
/// </summary>
public sealed record Stamp(InstanceId Instance, long Epoch, int Attempt)
{
    public const string InstanceKey = "cells-instance";
    public const string EpochKey = "cells-epoch";
    public const string AttemptKey = "cells-attempt";

    /// <summary>
    /// On a disk that others are cloned from: its own uuid. A clone carries a foreign one and so shows itself as a copy that was never finished.
    /// </summary>
    public const string SelfKey = "cells-self";

    /// <summary>Null unless all three keys are there and well formed: anything else is not ours.</summary>
    public static Stamp? Read(IReadOnlyDictionary<string, string> otherConfig) =>
        otherConfig.TryGetValue(InstanceKey, out var instance) && Guid.TryParseExact(instance, "D", out var id)
        && otherConfig.TryGetValue(EpochKey, out var epochText) && long.TryParse(epochText, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
        && otherConfig.TryGetValue(AttemptKey, out var attemptText) && int.TryParse(attemptText, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? new Stamp(new InstanceId(id), epoch, attempt)
            : null;

    /// <summary>For the other_config of a new object.</summary>
    public SortedDictionary<string, string> ToOtherConfig() => new(StringComparer.Ordinal)
    {
        [InstanceKey] = Instance.ToString(),
        [EpochKey] = Epoch.ToString(CultureInfo.InvariantCulture),
        [AttemptKey] = Attempt.ToString(CultureInfo.InvariantCulture),
    };
}
