using Cells.Api.Dispatch;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Api.Fleet;

/// <summary>
/// What operators say of hosts: the row, and the message to the host's cell, in one change. Its cell follows when the host's copy comes back with the
/// row's number; until then <see cref="OperatorWordsActor"/> says it again.
/// </summary>
internal sealed class OperatorWords(FleetStore store, ICommitter committer, TimeProvider time)
{
    /// <summary>Changes a host's setting, again on what others left if they were faster.</summary>
    /// <param name="find">The host that is meant, among those below; null when it is not there.</param>
    /// <returns>The host with its new setting, and how the change ended; no host when none was found.</returns>
    public async Task<(FleetHost? Host, CommitOutcome? Outcome)> SayAsync(
        Func<IReadOnlyList<FleetHost>, FleetHost?> find, Func<ConfigureHost, ConfigureHost> change, string? traceParent, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (find(await store.HostsAsync(stop)) is not { } host)
                return (null, null);
            var said = host with { Setting = change(host.NextSetting) };
            var outcome = await committer.CommitAsync(new Change(Writes(said, traceParent)));
            if (outcome is not CommitOutcome.Missed || attempt == Attempts.Most)
                return (said, outcome);
        }
    }

    /// <summary>The row, and the message, of a host's new setting.</summary>
    public IReadOnlyList<IWrite> Writes(FleetHost said, string? traceParent) =>
        [new SetHost(said.Setting!, time.GetUtcNow()), Message(said, traceParent)];

    public static SendWork Message(FleetHost said, string? traceParent) =>
        new(said.Link, DispatchActor.KeyOf(said.Row.Host), said.Setting!, traceParent);
}
