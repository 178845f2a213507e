using Cells.Api.Networks;
using Cells.Api.Nova;

namespace Cells.Api.Http;

/// <summary>One step of the compute API.</summary>
/// <param name="Changes">What differs from the version before (Nova, rest_api_version_history), in a few words.</param>
/// <param name="Done">The type that answers differently from this version on; null where nothing that is served differs.</param>
/// <param name="Unserved">
/// Parts of routes that it is about and that are not served here. Once such a route is served, the version has to be done, and a test says so.
/// </param>
internal sealed record MicroversionChange(int Minor, string Changes, Type? Done, IReadOnlyList<string> Unserved);

/// <summary>
/// Every version up to the highest that is stated, and where it is done. The statement is honest as long as each entry is: a version is done where
/// the routes that it changes are served, and touches nothing where they are not.
/// </summary>
internal static class MicroversionHistory
{
    /// <summary>The last entry of <see cref="All"/>.</summary>
    public const int Highest = 79;

    private const string Console = "/remote-consoles", Volumes = "/os-volume_attachments",
        Migrations = "/os-migrations", ServerMigrations = "/servers/{id}/migrations", Events = "/os-server-external-events",
        ConsoleTokens = "/os-console-auth-tokens",
        Topology = "/topology", FixedIps = "/os-fixed-ips", VirtualInterfaces = "/os-virtual-interfaces",
        FlavorAccess = "/os-flavor-access", HostsRoute = "/os-hosts";

    public static IReadOnlyList<MicroversionChange> All { get; } =
    [
        In(2, "keypairs have a type; create is 201, delete is 204", typeof(NovaKeypairs)),
        In(3, "hostname, reservation and boot attributes of a server for admins", typeof(ServerDetail)),
        Not(4, "reserved status of fixed ips", FixedIps),
        In(5, "everybody filters servers by ip6", typeof(ServerList)),
        Not(6, "remote consoles", Console),
        Not(7, "public flavors refuse access lists", FlavorAccess),
        Not(8, "mks consoles", Console),
        In(9, "locked", typeof(ServerDetail)),
        In(10, "keypairs of other users for admins", typeof(NovaKeypairs)),
        In(11, "forced_down of services", typeof(NovaServices)),
        Not(12, "net_id of virtual interfaces", VirtualInterfaces),
        In(13, "project and user of server groups", typeof(NovaServerGroups)),
        In(14, "evacuate without onSharedStorage", typeof(AskedAction)),
        In(15, "soft policies of server groups", typeof(NovaServerGroups)),
        In(16, "host_status for admins", typeof(ServerDetail)),
        In(17, "trigger_crash_dump: refused by name", typeof(AskedAction)),
        Same(18, "the project's id may be left out of the path: it always may here"),
        In(19, "description of a server", typeof(ServerDetail)),
        Not(20, "volumes of shelved servers", Volumes),
        Not(21, "migrations of deleted servers", Migrations),
        Not(22, "force_complete of a live migration", ServerMigrations),
        Not(23, "live migrations under way", ServerMigrations, Migrations),
        Not(24, "abort of a live migration", ServerMigrations),
        In(25, "block_migration auto: refused by name", typeof(AskedAction)),
        In(26, "tags of a server, and filters by them", typeof(ServerTags)),
        In(27, "the header OpenStack-API-Version", typeof(Microversion)),
        In(28, "cpu_info of hypervisors is no text", typeof(NovaHypervisors)),
        In(29, "evacuate with force: read, and nothing is forced", typeof(AskedAction)),
        In(30, "live migration with force: refused by name", typeof(AskedAction)),
        Not(31, "console tokens of every kind", ConsoleTokens),
        In(32, "tags of devices at create: refused by name", typeof(CreateServer)),
        In(33, "pages of hypervisors", typeof(NovaHypervisors)),
        In(34, "checks of a live migration after the answer: refused by name", typeof(AskedAction)),
        In(35, "pages of keypairs", typeof(NovaKeypairs)),
        In(36, "proxies of other services end; limits without them", typeof(NovaQuotas)),
        In(37, "networks of a create: compulsory, auto or none", typeof(NicsAsked)),
        In(38, "an unknown status is refused", typeof(ServerList)),
        In(39, "no maxImageMeta in the limits", typeof(NovaQuotas)),
        In(40, "pages of the usage", typeof(NovaUsage)),
        In(41, "uuid of aggregates", typeof(NovaAggregates)),
        Same(42, "tags of devices work again: refused by name, as before"),
        Not(43, "os-hosts ends", HostsRoute, VirtualInterfaces),
        In(44, "actions on fixed and floating ips end: refused by name", typeof(AskedAction)),
        In(45, "createImage answers with a body", typeof(NovaSnapshots)),
        Same(46, "x-openstack-request-id on every answer: always here"),
        In(47, "the flavor inside the server", typeof(ServerDetail)),
        In(48, "diagnostics in one form", typeof(ServerDiagnostics)),
        Not(49, "tags of attached devices: interfaces are not attached later here", Volumes),
        In(50, "server groups in quota classes, network quotas out of them", typeof(NovaQuotaClasses)),
        In(51, "events of an action for its owner; event volume-extended is of a route that is not served", typeof(NovaActionLog)),
        In(52, "tags at create", typeof(CreateServer)),
        In(53, "uuids of services and hypervisors", typeof(NovaServices)),
        In(54, "key_name at rebuild: refused by name", typeof(AskedAction)),
        In(55, "description of a flavor, and its update", typeof(NovaFlavors)),
        In(56, "migrate to a named host: refused by name", typeof(AskedAction)),
        In(57, "no personality at create; limits and quotas without it", typeof(CreateServer)),
        In(58, "pages of instance actions", typeof(NovaActionLog)),
        Not(59, "pages of migrations", Migrations),
        Not(60, "volumes of several servers", Volumes),
        In(61, "extra specs inside the flavor", typeof(NovaFlavors)),
        In(62, "host of an instance action's event", typeof(NovaActionLog)),
        In(63, "trusted_image_certificates: null, and refused by name", typeof(ServerDetail)),
        In(64, "policy and rules of server groups", typeof(NovaServerGroups)),
        Not(65, "abort of a live migration that waits", ServerMigrations),
        In(66, "changes-before", typeof(ServerList)),
        In(67, "volume_type of a block device: there are no volumes", typeof(CreateServer)),
        In(68, "no force at evacuate; live migration is refused by name", typeof(AskedAction)),
        Same(69, "partial rows of silent cells: a server of a silent cell is shown whole, from this cell's own copy"),
        new(70, "tags of interfaces, null, and volumes shown", typeof(ServerInterfaces), [Volumes]),
        In(71, "server_groups of a server", typeof(ServerDetail)),
        Same(72, "ports with resource requests: no port has any"),
        In(73, "locked_reason, and lists by locked", typeof(ServerDetail)),
        In(74, "host and hypervisor_hostname at create: refused by name", typeof(CreateServer)),
        In(75, "unknown query parameters are refused; PUT answers the whole server; swap is 0", typeof(ServerList)),
        Not(76, "event power-update", Events),
        In(77, "unshelve into a zone: refused by name", typeof(AskedAction)),
        Not(78, "NUMA topology of a server", Topology),
        Not(79, "delete_on_termination of an attached volume", Volumes),
    ];

    private static MicroversionChange In(int minor, string changes, Type done) => new(minor, changes, done, []);
    private static MicroversionChange Not(int minor, string changes, params string[] unserved) => new(minor, changes, null, unserved);
    private static MicroversionChange Same(int minor, string changes) => new(minor, changes, null, []);
}
