namespace Cells.Api.Quotas;

/// <summary>What a project may have at once; -1 is no limit. Memory in MiB.</summary>
/// <param name="KeyPairs">For each user.</param>
/// <param name="MetadataItems">On each server.</param>
public sealed record QuotaLimits(
    int Instances, int Cores, long RamMib, int KeyPairs, int MetadataItems, int ServerGroups, int ServerGroupMembers)
{
    /// <summary>Nova's (nova/conf/quota.py).</summary>
    public static readonly QuotaLimits Default = new(10, 20, 51_200, 100, 128, 10, 10);

    public static bool Covers(long limit, long amount) => limit < 0 || amount <= limit;
}

/// <summary>What of a project counts against its limits: every server whose deletion is not confirmed.</summary>
public sealed record QuotaUsage(int Instances, int Cores, long RamMib)
{
    public static readonly QuotaUsage None = new(0, 0, 0);

    public static QuotaUsage operator +(QuotaUsage a, QuotaUsage b) => new(a.Instances + b.Instances, a.Cores + b.Cores, a.RamMib + b.RamMib);

    /// <summary>Whether this much has room on top of what is used. What it takes nothing of is not judged: a project may be over a limit that was lowered.</summary>
    public bool FitsOn(QuotaUsage used, QuotaLimits limits) =>
        (Instances <= 0 || QuotaLimits.Covers(limits.Instances, used.Instances + Instances))
        && (Cores <= 0 || QuotaLimits.Covers(limits.Cores, used.Cores + Cores))
        && (RamMib <= 0 || QuotaLimits.Covers(limits.RamMib, used.RamMib + RamMib));
}
