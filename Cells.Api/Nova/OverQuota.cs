using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>What Nova says to a create that its project's quota does not allow, and how many servers it would allow. Pure.</summary>
internal static class OverQuota
{
    /// <summary>How many of the asked servers fit now: between 0 and max_count.</summary>
    public static int Fitting(QuotaStanding? standing, Flavor flavor, CreateServer asked)
    {
        if (standing is null || !QuotaLimits.Covers(standing.Limits.MetadataItems, asked.Metadata.Count))
            return 0;
        var (limits, used) = (standing.Limits, standing.Used);
        var fits = (long)asked.MaxCount;
        fits = Math.Min(fits, Room(limits.Instances, used.Instances, 1));
        fits = Math.Min(fits, Room(limits.Cores, used.Cores, flavor.Vcpus));
        fits = Math.Min(fits, Room(limits.RamMib, used.RamMib, flavor.MemoryMib));
        return (int)Math.Max(0, fits);
    }

    /// <summary>403, with Nova's text (nova/exception.py, TooManyInstances and MetadataLimitExceeded).</summary>
    public static ApiResult Refusal(QuotaStanding? standing, Flavor flavor, CreateServer asked)
    {
        if (standing is null)
            return ApiResult.Forbidden("The project of this token is not there any more: nothing can be charged to it.");
        var (limits, used) = (standing.Limits, standing.Used);
        if (!QuotaLimits.Covers(limits.MetadataItems, asked.Metadata.Count))
            return ApiResult.Forbidden($"Maximum number of metadata items exceeds {limits.MetadataItems}");
        var count = asked.MinCount == asked.MaxCount ? $"{asked.MinCount}" : $"{asked.MinCount}-{asked.MaxCount}";
        var overs = new[]
        {
            (Name: "cores", Over: Room(limits.Cores, used.Cores, flavor.Vcpus) < asked.MinCount,
                Asked: $"{(long)asked.MinCount * flavor.Vcpus}", Used: (long)used.Cores, Limit: (long)limits.Cores),
            (Name: "instances", Over: Room(limits.Instances, used.Instances, 1) < asked.MinCount, Asked: count, Used: used.Instances, Limit: limits.Instances),
            (Name: "ram", Over: Room(limits.RamMib, used.RamMib, flavor.MemoryMib) < asked.MinCount,
                Asked: $"{asked.MinCount * flavor.MemoryMib}", Used: used.RamMib, Limit: limits.RamMib),
        }.Where(resource => resource.Over).ToList();
        var names = string.Join(", ", overs.Select(over => over.Name));
        return ApiResult.Forbidden(
            $"Quota exceeded for {names}: Requested {string.Join(", ", overs.Select(over => over.Asked))}, "
            + $"but already used {string.Join(", ", overs.Select(over => over.Used))} of {string.Join(", ", overs.Select(over => over.Limit))} {names}");
    }

    /// <summary>403 for a resize, which counts what it takes beyond what the server has; null when it would fit after all.</summary>
    public static ApiResult? ResizeRefusal(QuotaStanding? standing, QuotaUsage asked)
    {
        if (standing is null)
            return null;
        var (limits, used) = (standing.Limits, standing.Used);
        var overs = new[]
        {
            (Name: "cores", Over: asked.Cores > 0 && Room(limits.Cores, used.Cores, asked.Cores) < 1, Asked: (long)asked.Cores, Used: (long)used.Cores, Limit: (long)limits.Cores),
            (Name: "ram", Over: asked.RamMib > 0 && Room(limits.RamMib, used.RamMib, asked.RamMib) < 1, Asked: asked.RamMib, Used: used.RamMib, Limit: limits.RamMib),
        }.Where(resource => resource.Over).ToList();
        if (overs.Count == 0)
            return null;
        var names = string.Join(", ", overs.Select(over => over.Name));
        return ApiResult.Forbidden(
            $"Quota exceeded for {names}: Requested {string.Join(", ", overs.Select(over => over.Asked))}, "
            + $"but already used {string.Join(", ", overs.Select(over => over.Used))} of {string.Join(", ", overs.Select(over => over.Limit))} {names}");
    }

    private static long Room(long limit, long used, long each) => limit < 0 ? long.MaxValue : (limit - used) / each;
}
