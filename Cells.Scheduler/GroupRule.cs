using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Scheduler;

/// <summary>What the group of a request asks of its host.</summary>
/// <param name="Members">How many of the group each host has, by what is claimed; hosts without any may be left out.</param>
public sealed record GroupRule(GroupPolicy Policy, int MaxPerHost, IReadOnlyDictionary<HostId, int> Members)
{
    public int On(HostId host) => Members.GetValueOrDefault(host);

    /// <summary>Why the host may not have one more; null when it may.</summary>
    public string? Reject(HostId host) => Policy switch
    {
        GroupPolicy.AntiAffinity when On(host) >= MaxPerHost => $"has {On(host)} of the group, which is {MaxPerHost} at most",
        GroupPolicy.Affinity when Members.Count > 0 && On(host) == 0 => "has none of the group, whose others are elsewhere",
        _ => null,
    };

    /// <summary>Of two hosts that may both, which is nearer to what the group wants: positive for the first.</summary>
    public int Compare(HostId first, HostId second) => Policy switch
    {
        GroupPolicy.SoftAffinity => On(first) - On(second),
        GroupPolicy.SoftAntiAffinity => On(second) - On(first),
        _ => 0,
    };
}
