using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

/// <summary>
/// The network that a new tree begins with: shared, on the network of every host's management interface, with more addresses than a tree of this
/// size can have servers. A tree that has another network, or has ever had a server, is left as its operators want it.
/// </summary>
public sealed class DefaultNetwork(ICellDatabase database, ICommitter committer, TimeProvider time, IIdSource ids)
{
    private const string Name = "default", Key = "management", Range = "10.96.0.0/12";

    /// <param name="project">Whose it is.</param>
    /// <exception cref="CellsException">The database did not take it.</exception>
    public async Task MakeAsync(ProjectId project, CancellationToken stop)
    {
        if (!await new NetworkStore(database, time).IsNewAsync(stop))
            return;
        var cidr = Cidr.Parse(Range, out var wrong) ?? throw new InvalidOperationException(wrong);
        var network = new StoredNetwork(
            new NetworkId(ids.NewGuid()), project, Name, "The hosts' management network", Key, Shared: true, AdminUp: true, Mtu: 1_500, time.GetUtcNow(),
            Generation: 1, []);
        var subnet = new StoredSubnet(
            new SubnetId(ids.NewGuid()), network.Id, project, Name, "", cidr, cidr.Usable.From,
            new AddressPool(NeutronSubnets.DefaultPools(cidr, cidr.Usable.From)), [], network.CreatedAt);
        if (await committer.CommitAsync(new Change(new InsertNetwork(network), new InsertSubnet(subnet, network.Generation))) is CommitOutcome.Unavailable lost)
            throw new CellsException($"The first network was not made: {lost.Reason} Start again once the database answers.");
    }
}
