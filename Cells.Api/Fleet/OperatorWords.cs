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
    /// <param name="name">A host's name or uuid.</param>
    /// <param name="none">The answer when there is no such host.</param>
    /// <param name="said">The answer for the host with its new setting.</param>
    public Task<ApiResult> SayAsync(
        string name, Func<ConfigureHost, ConfigureHost> change, Func<ApiResult> none, Func<FleetHost, ApiResult> said, string? traceParent, CancellationToken stop) =>
        Attempts.RunAsync(async () =>
        {
            if ((await store.HostsAsync(stop)).Named(name) is var (host, refusal) && host is null)
                return refusal ?? none();
            var changed = host with { Setting = change(host.NextSetting) };
            return await committer.TakeAsync(Writes(changed, traceParent)) is null ? said(changed) : null;
        }, $"Host {name} was changed by others with every attempt; nothing was said of it.");

    /// <summary>The row, and the message, of a host's new setting.</summary>
    public IReadOnlyList<IWrite> Writes(FleetHost said, string? traceParent) =>
        [new SetHost(said.Setting!, time.GetUtcNow()), Message(said, traceParent)];

    public static SendWork Message(FleetHost said, string? traceParent) =>
        new(said.Link, DispatchActor.KeyOf(said.Row.Host), said.Setting!, traceParent);
}
