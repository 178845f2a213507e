using Cells.Compute.Hosts;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// The placer's picture of hosts, SRs and what is promised of them; the host index is always a function of it. In memory only, so a choice reads
/// nothing else; the guard on the provider rows is what makes a choice true.
/// </summary>
internal sealed class Inventory(string hostClass, string zone)
{
    private readonly SortedDictionary<Guid, HostRecord> _hosts = [];
    private readonly SortedDictionary<Guid, SrRecord> _srs = [];
    private readonly Dictionary<Guid, SortedSet<Guid>> _seers = [];   // of an SR: hosts it is plugged into
    private readonly SortedDictionary<(Guid Id, Resource Resource), Provider> _providers = [];
    private readonly SortedDictionary<Guid, ConfigureHost> _settings = [];
    private readonly SortedSet<Guid> _touched = [];

    public HostIndex Index { get; private set; } = new();

    public IEnumerable<HostRecord> Hosts => _hosts.Values;
    public IEnumerable<Provider> Providers => _providers.Values;

    public HostRecord? Find(HostId id) => _hosts.GetValueOrDefault(id.Value);
    public SrRecord? Find(SrId id) => _srs.GetValueOrDefault(id.Value);
    public Provider? Find(ProviderId id, Resource resource) => _providers.GetValueOrDefault((id.Value, resource));

    /// <summary>Begins again from what the database says.</summary>
    public void Load(InventoryRows rows)
    {
        _hosts.Clear();
        _srs.Clear();
        _seers.Clear();
        _providers.Clear();
        _settings.Clear();
        Index = new HostIndex();
        foreach (var setting in rows.Settings)
            _settings[setting.Host.Value] = setting;
        foreach (var provider in rows.Providers)
            _providers[(provider.Id.Value, provider.Resource)] = provider;
        foreach (var sr in rows.Srs)
            _srs[sr.Id.Value] = sr;
        foreach (var host in rows.Hosts)
            Keep(host);
        foreach (var sr in rows.Srs)
            ReindexSr(sr.Id.Value);
        foreach (var host in rows.Hosts)
            Reindex(host);
    }

    /// <summary>Takes over what is promised, as the database says; what hosts showed meanwhile stays.</summary>
    public void LoadPromises(IReadOnlyList<Provider> providers)
    {
        foreach (var provider in providers)
        {
            var key = (provider.Id.Value, provider.Resource);
            _providers[key] = _providers.TryGetValue(key, out var known) ? known with { Promised = provider.Promised } : provider;
        }
        foreach (var sr in _srs.Keys.ToList())
            ReindexSr(sr);
        foreach (var host in _hosts.Values.ToList())
            Reindex(host);
    }

    /// <summary>What operators last said of a host; null for nothing.</summary>
    public ConfigureHost? SettingOf(HostId host) => _settings.GetValueOrDefault(host.Value);

    /// <summary>Takes over what operators said, of whichever host; a lower number than the known one says nothing.</summary>
    public void Configure(ConfigureHost setting)
    {
        if (SettingOf(setting.Host)?.Number >= setting.Number)
            return;
        _settings[setting.Host.Value] = setting;
        if (_hosts.TryGetValue(setting.Host.Value, out var host))
            Reindex(host);
    }

    public void Put(HostRecord host)
    {
        Keep(host);
        Reindex(host);
    }

    public void Put(SrRecord sr)
    {
        _srs[sr.Id.Value] = sr;
        ReindexSr(sr.Id.Value);
    }

    /// <summary>What a provider has and what others use of it; what is promised stays as it is known here.</summary>
    public void Show(Provider shown)
    {
        var key = (shown.Id.Value, shown.Resource);
        var known = _providers.GetValueOrDefault(key);
        _providers[key] = shown with { Promised = known?.Promised ?? 0 };
        if (known is not null && known.Outside != shown.Outside)
            _touched.Add(shown.Id.Value);
        ReindexProvider(shown.Id.Value);
    }

    /// <summary>Counts a claim from the moment it is decided, so that the next decision sees it before it is committed.</summary>
    public void Take(IReadOnlyList<ClaimPart> parts) => Move(parts, 1);

    public void GiveBack(IReadOnlyList<ClaimPart> parts) => Move(parts, -1);

    /// <summary>A decision as if these were given back: for an instance that chooses anew and will hold only what it needs beyond them.</summary>
    public T Without<T>(IReadOnlyList<ClaimPart> parts, Func<T> decide)
    {
        GiveBack(parts);
        var decision = decide();
        Take(parts);
        return decision;
    }

    /// <summary>Its row is to be shown again.</summary>
    public void Touch(HostId host) => _touched.Add(host.Value);

    /// <summary>Hosts of which more or less is promised, or used by others, than when this was last asked.</summary>
    public IReadOnlyList<HostId> TakeTouched()
    {
        var touched = _touched.Where(_hosts.ContainsKey).Select(id => new HostId(id)).ToList();
        _touched.Clear();
        return touched;
    }

    private void Move(IReadOnlyList<ClaimPart> parts, int sign)
    {
        foreach (var part in parts)
        {
            var key = (part.Provider.Value, part.Resource);
            if (_providers.TryGetValue(key, out var provider))
                _providers[key] = provider with { Promised = provider.Promised + (sign * part.Amount) };
        }
        foreach (var provider in parts.Select(p => p.Provider.Value).Distinct())
        {
            _touched.Add(provider);
            ReindexProvider(provider);
        }
    }

    private void ReindexProvider(Guid id)
    {
        if (_hosts.TryGetValue(id, out var host))
            Reindex(host);
        else
            ReindexSr(id);
    }

    private void ReindexSr(Guid id)
    {
        if (!_srs.TryGetValue(id, out var sr))
            return;
        if (sr.Shared)
            Index.PutSharedSr(sr.Id, FreeOf(sr.Id));
        foreach (var host in _seers.GetValueOrDefault(id) ?? [])
            Reindex(_hosts[host]);
    }

    private void Keep(HostRecord host)
    {
        foreach (var sr in _hosts.GetValueOrDefault(host.Id.Value)?.Srs ?? [])
            _seers[sr.Value].Remove(host.Id.Value);
        foreach (var sr in host.Srs)
            (_seers.TryGetValue(sr.Value, out var seers) ? seers : _seers[sr.Value] = []).Add(host.Id.Value);
        _hosts[host.Id.Value] = host;
    }

    private void Reindex(HostRecord host)
    {
        var vcpus = Find(ProviderId.Of(host.Id), Resource.Vcpu);
        var memory = Find(ProviderId.Of(host.Id), Resource.MemoryMib);
        if (vcpus is null || memory is null)
            return;                                             // seen, but its capacity is not known yet
        var seen = host.Srs.Select(Find).OfType<SrRecord>().ToList();
        var local = seen.Where(s => !s.Shared)
            .Select(s => new LocalSr(s.Id, FreeOf(s.Id)))
            .OrderByDescending(s => s.FreeBytes).ThenBy(s => s.Id.Value)
            .Cast<LocalSr?>().FirstOrDefault();
        var setting = SettingOf(host.Id);
        Index.Put(new HostState(
            host.Id, host.Name, hostClass, setting?.Zone ?? zone, host.Unavailable ?? Unavailable(setting),
            new HostResources((int)Math.Clamp(vcpus.Free, int.MinValue, int.MaxValue), memory.Free),
            new HostResources((int)Math.Clamp(vcpus.Limit, 0, int.MaxValue), memory.Limit),
            local, [.. seen.Where(s => s.Shared).Select(s => s.Id)])
            {
                Pool = host.Pool, Cpus = host.Vcpus, Networks = host.Networks, Aggregates = AggregateTraits.Of(setting?.Aggregates ?? []),
            });
    }

    private static string? Unavailable(ConfigureHost? setting) => setting switch
    {
        { ForcedDown: true } => "said to be down by an operator",
        { Draining: true } => "being drained by an operator",
        { Disabled: true, Reason: { } reason } => $"disabled by an operator: {reason}",
        { Disabled: true } => "disabled by an operator",
        _ => null,
    };

    private long FreeOf(SrId sr) => Find(ProviderId.Of(sr), Resource.DiskBytes)?.Free ?? 0;
}

/// <summary>What the database says of hosts, SRs and providers, each in order of id.</summary>
internal sealed record InventoryRows(IReadOnlyList<HostRecord> Hosts, IReadOnlyList<SrRecord> Srs, IReadOnlyList<Provider> Providers)
{
    /// <summary>What operators said of hosts.</summary>
    public IReadOnlyList<ConfigureHost> Settings { get; init; } = [];

    /// <summary>How far drains had come, by host.</summary>
    public IReadOnlyDictionary<Guid, HostDrain> Drains { get; init; } = new SortedDictionary<Guid, HostDrain>();
}
