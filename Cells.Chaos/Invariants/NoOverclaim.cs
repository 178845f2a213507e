namespace Cells.Chaos.Invariants;

/// <summary>I3: no provider is promised beyond what it has, what is promised is the sum of the claims, and the claims are what the rows say.</summary>
internal sealed class NoOverclaim : Invariant
{
    public override string Name => "I3";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        var claimed = picture.Claims.ToLookup(claim => (claim.Cell, claim.Provider, claim.Resource));
        foreach (var provider in picture.Providers)
        {
            var sum = claimed[(provider.Cell, provider.Id, provider.Resource)].Sum(claim => claim.Amount);
            if (sum != provider.Promised)
                yield return $"{provider.Cell}: provider {provider.Id} resource {provider.Resource} says {provider.Promised} are promised; its claims are {sum}.";
            if (provider.Promised > (provider.Capacity * provider.Ratio) - provider.Reserve)
                yield return $"{provider.Cell}: provider {provider.Id} resource {provider.Resource} has {provider.Capacity} x {provider.Ratio} and {provider.Promised} are promised.";
        }
        foreach (var claim in picture.Claims.Except(picture.Held))
            yield return $"{claim.Cell}: a claim says {claim}, and no row says so.";
        foreach (var held in picture.Held.Except(picture.Claims))
            yield return $"{held.Cell}: a row says that it holds {held}, and no claim does.";
        foreach (var host in picture.Hosts.Where(host => host.MemoryUsedBytes > host.MemoryTotalBytes))
            yield return $"Host {host.Name} uses {host.MemoryUsedBytes} of {host.MemoryTotalBytes} bytes.";
    }
}
