using Cells.Compute.Hosts;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Compute.Pools;

/// <summary>
/// The pool's hosts: an actor for each, and their health. Each is asked at its own address, whatever the coordinator says: one stream per pool cannot
/// show a member that is mute.
/// </summary>
internal sealed partial class PoolActor
{
    private readonly SortedDictionary<Guid, Member> _members = [];

    private void MeetHosts(IReadOnlyList<HostObservation> hosts)
    {
        foreach (var gone in _members.Keys.Where(id => hosts.All(h => h.Host.Value != id)).ToList())
            Part(new HostId(gone));
        foreach (var host in hosts)
            Meet(host);
    }

    private void MeetHost(object message)
    {
        switch (message)
        {
            case HostShown shown:
                Meet(shown.Host);
                break;
            case HostGone gone:
                Part(gone.Host);
                break;
        }
    }

    /// <summary>A host that the cell's database knows: it is asked before, and even if never, its pool can be read.</summary>
    private void Remember(KnownMember known)
    {
        _members[known.Host.Value] = new Member(known.Name, known.Address, null, HostHealth.FirstSeen(Now), Asked: Now, Asking: false);
        AskWhetherAlive(known.Host);
    }

    private void Meet(HostObservation host)
    {
        if (!_members.ContainsKey(host.Host.Value))
            Remember(new KnownMember(host.Host, host.Name, host.Address));
        var member = _members[host.Host.Value];
        _members[host.Host.Value] = member with
        {
            Name = host.Name,
            Address = host.Address,
            Actor = member.Actor ?? Context.ActorOf(_hostActor(new HostInfo(host.Pool, host.Host, host.Name, host.Address), _handle!), $"host-{host.Host}"),
        };
        if (host.Enabled == member.Health.Evacuated)
            Judge(host.Host, host.Enabled ? new HostEvent.Released(Now) : new HostEvent.Evacuated());
    }

    private void Part(HostId host)
    {
        if (_members.Remove(host.Value, out var member) && member.Actor is { } actor)
            Context.Stop(actor);
    }

    private void OnTick()
    {
        foreach (var id in _members.Keys.ToList())
        {
            var host = new HostId(id);
            Judge(host, new HostEvent.Tick(Now));
            if (!_members[id].Asking && Now - _members[id].Asked >= HostHealth.AskedEach - (TickEach / 2))   // ticks are not exact
                AskWhetherAlive(host);
        }
    }

    private void AskWhetherAlive(HostId host)
    {
        var member = _members[host.Value];
        _members[host.Value] = member with { Asked = Now, Asking = true };
        Pipe(
            XenApiClient.IsAliveAsync(_world.Wires.Open(member.Address), Stopping),
            heard => new HostAnswered(host, heard),
            error => error is OperationCanceledException ? new HostAnswered(host, false) : throw error);
    }

    private void OnHostAnswered(HostAnswered m)
    {
        if (!_members.TryGetValue(m.Host.Value, out var member))
            return;
        _members[m.Host.Value] = member with { Asking = false };
        if (m.Heard)
            Judge(m.Host, new HostEvent.Heard(Now));
    }

    private void Judge(HostId host, HostEvent e)
    {
        var member = _members[host.Value];
        var health = member.Health.On(e);
        _members[host.Value] = member with { Health = health };
        if (health.Status == member.Health.Status)
            return;
        PoolTelemetry.HostHealthChanged(_world.Logger, host, member.Name, member.Health.Status, health.Status);
        if (health.Status == HostStatus.Down)
            PoolTelemetry.HostDown(_world.Logger, host, member.Name, Now - health.LastSeen);
        var changed = new HostHealthChanged(_owner!.Pool, host, member.Health.Status, health);
        _observer.Tell(changed);
        member.Actor?.Tell(changed);
    }

    private void ShowHealth()
    {
        foreach (var (id, member) in _members)
            _observer.Tell(HealthOf(new HostId(id), member));
    }

    private void OnAskHealth(AskHealth m)
    {
        if (_members.TryGetValue(m.Host.Value, out var member))
            Sender.Tell(HealthOf(m.Host, member), Self);
    }

    private HostHealthChanged HealthOf(HostId host, Member member) => new(_owner!.Pool, host, member.Health.Status, member.Health);

    /// <param name="Actor">Null until the pool has shown the host.</param>
    /// <param name="Asked">When its health was last asked for.</param>
    /// <param name="Asking">The answer is not there yet.</param>
    private sealed record Member(string Name, HostAddress Address, IActorRef? Actor, HostHealth Health, TimeSpan Asked, bool Asking);
}
