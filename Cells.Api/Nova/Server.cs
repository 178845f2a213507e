using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>A server as the API cell knows it: what was asked, where it was sent, what was reported, and what follows from the three.</summary>
internal sealed record Server(InstanceIntent Intent, ViewDispatch Dispatch, InstanceRow? Observed)
{
    /// <summary>Of the host that was last reported: as an operator said, or as its cell last showed it; null when there is none.</summary>
    public string? HostStatus { get; init; }
    /// <summary>What its interfaces have, in order of device and address.</summary>
    public IReadOnlyList<ServerAddress> Addresses { get; init; } = [];

    /// <summary>Availability zone of that host; null when there is none.</summary>
    public string? Zone { get; init; }

    public ServerView View { get; } = Contracts.View.Of(Intent.ForView, Dispatch, Observed);

    /// <summary>What a guard judges, for one asker.</summary>
    public GuardedState Guarded(RequestContext caller) =>
        new(View.VmState, View.TaskState, View.LaunchedAt is not null, Locked: Intent.Lock is not null && !caller.IsAdmin);
}

/// <summary>One address of a server.</summary>
/// <param name="Network">The network's name, under which clients are shown it.</param>
internal sealed record ServerAddress(Guid Port, Guid NetworkId, string Network, Guid Subnet, string Ip, string Mac);
