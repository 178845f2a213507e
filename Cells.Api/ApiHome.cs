using Cells.Api.Dispatch;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Api.Identity;
using Cells.Api.Images;
using Cells.Api.Networks;
using Cells.Api.Nova;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Api;

/// <summary>
/// The home side of an API cell, put together: identity, images, flavors, keys, quotas and servers of its projects, over the cell's database and
/// committer and nothing else.
/// </summary>
public sealed class ApiHome : IDisposable
{
    private readonly GlanceImages _images;
    private readonly IReadOnlyList<ApiRoute> _routes;
    private readonly ILogger _logger;

    /// <param name="ages">Which of the cells below are heard.</param>
    /// <exception cref="CellsException">A key file cannot be used.</exception>
    public ApiHome(
        ICellDatabase database, ICommitter committer, IServerDispatch dispatch, TimeProvider time, IIdSource ids, HomeOptions options,
        ICellAges ages, ILogger logger)
    {
        (Ids, Options, _logger) = (ids, options, logger);
        Signer = new TokenSigner(options.KeyDirectory, logger);
        Tokens = new TokenVerifier(Signer, database, time);
        var (identity, catalog) = (new IdentityStore(database), new Catalog(options));
        var (images, flavors, keypairs, quotas) = (new ImageStore(database), new FlavorStore(database), new KeypairStore(database), new QuotaStore(database));

        var snapshots = new SnapshotStore(database);
        _images = new GlanceImages(images, snapshots, new ImageFiles(options.ImageDirectory), committer, time, ids);
        ImageTickets = new ImageTickets(images, snapshots, time, ids, options, logger);
        var (nets, ports) = (new NetworkStore(database, time), new PortStore(database));
        var addresses = new AddressReserve(ports, ids);
        var servers = new ServerStore(database);
        Fleet = new FleetStore(database);
        var groups = new GroupStore(database);
        var (words, seen) = (new OperatorWords(Fleet, committer, time), new SeenFleet(Fleet, ages));
        Servers = new NovaServers(
            servers, flavors, images, keypairs, quotas, Fleet, new ServerGroupJoin(groups, quotas, Fleet, options.Cell), new ServerNics(nets, ports, addresses, time, ids), dispatch, committer, time, ids, options);
        Questions = new NovaQuestions(servers, dispatch, ids);
        var snapshotActions = new NovaSnapshots(servers, images, dispatch, time, ids, options);
        Actions = new NovaActions(Servers, Questions, snapshotActions, new BootImages(images, keypairs, quotas), servers, flavors, quotas, seen, dispatch, committer, time, ids, options);
        Flavors = new NovaFlavors(flavors, committer, time, ids, options);
        var neutron = new NeutronNetworks(nets, committer, time, ids, options);
        _routes =
        [
            .. new VersionDocuments(options).Routes,
            .. new IdentityRoutes(
                new KeystoneTokens(identity, Signer, Tokens, committer, catalog, time, ids, options),
                new Projects(identity, committer, ids, options), catalog).Routes,
            .. new ImageRoutes(_images, ImageTickets).Routes,
            .. new NovaRoutes(
                Servers, Actions, Questions, new NovaActionLog(servers, new ActionStore(database), options), new ServerMetadata(servers, quotas, committer, time), new ServerTags(servers, committer, time, options),
                Flavors, new NovaKeypairs(keypairs, quotas, committer, time, options),
                new NovaQuotas(quotas, committer)).Routes,
            .. new NovaMigrations(servers, new MigrationStore(database), options).Routes,
            .. new ServerInterfaces(servers).Routes,
            .. new NetworkRoutes(
                neutron, new NeutronSubnets(nets, neutron, committer, time, ids, options),
                new NeutronPorts(ports, neutron, addresses, committer, time, ids, options), options).Routes,
            .. new NovaFlavorAccess(flavors, quotas, committer, ids).Routes,
            .. new NovaQuotaClasses(quotas, committer).Routes,
            .. new NovaUsageRoutes(new NovaUsage(new UsageStore(database), time, options)).Routes,
            .. new NovaGroupRoutes(new NovaServerGroups(groups, quotas, committer, time, ids)).Routes,
            .. new NovaFleetRoutes(
                new NovaServices(seen, words, time), new NovaHypervisors(seen, options), new NovaAggregates(Fleet, words, committer, time, ids),
                new NovaZones(seen)).Routes,
        ];
    }

    /// <summary>The files of this project's schema; they go after those of Cells.Messaging.</summary>
    public static SqlSource Sql { get; } = new("api", typeof(ApiHome).Assembly);

    public NovaServers Servers { get; }
    public NovaActions Actions { get; }
    public NovaQuestions Questions { get; }
    internal FleetStore Fleet { get; }
    internal NovaFlavors Flavors { get; }
    public ImageTickets ImageTickets { get; }
    public HomeOptions Options { get; }
    internal TokenSigner Signer { get; }
    internal TokenVerifier Tokens { get; }
    internal IIdSource Ids { get; }
    internal IEnumerable<ApiRoute> Routes => _routes;

    /// <summary>Once, before requests are served: removes what a crash left of uploads.</summary>
    /// <param name="olderThan">Where other doors may be taking uploads into the same directory: what was written to since is left.</param>
    public Task StartAsync(CancellationToken stop, TimeSpan olderThan = default) => _images.RemoveLeftoversAsync(olderThan, _logger, stop);

    public void Dispose() => Signer.Dispose();
}
