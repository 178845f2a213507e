using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using YamlDotNet.RepresentationModel;

namespace Cells.Host.Configuration;

/// <summary>The tree that `cells up` makes: each cell, its kind, its parent, and its hosts.</summary>
/// <param name="HostShape">What each simulated host has.</param>
internal sealed record Topology(IReadOnlyList<TopologyCell> Cells, SimulatedHostShape HostShape)
{
    /// <summary>global > east, west > two compute cells each.</summary>
    public static Topology Default(int hostsPerCell) => new(
        [
            new(CellName.Parse("global"), CellKind.Api, null, "nova", 0, []),
            .. new[] { "east", "west" }.SelectMany(region => new TopologyCell[]
            {
                new(CellName.Parse(region), CellKind.Routing, CellName.Parse("global"), "nova", 0, []),
                new(CellName.Parse($"{region}-1"), CellKind.Compute, CellName.Parse(region), "nova", hostsPerCell, []),
                new(CellName.Parse($"{region}-2"), CellKind.Compute, CellName.Parse(region), "nova", hostsPerCell, []),
            }),
        ],
        SimulatedHostShape.Default);

    public TopologyCell Top => Cells.Single(c => c.Parent is null);

    public IEnumerable<TopologyCell> ChildrenOf(CellName cell) => Cells.Where(c => c.Parent == cell);

    /// <summary>Its parent runs in another process.</summary>
    public bool HasParentElsewhere(TopologyCell cell) => cell.Parent is { } parent && Cells.All(c => c.Name != parent);

    /// <summary>Whom a cell has links with: its children, and its parent last.</summary>
    public IReadOnlyList<Neighbour> NeighboursOf(TopologyCell cell) =>
    [
        .. ChildrenOf(cell.Name).Select(child => child.Name).Concat(cell.ChildrenElsewhere).Select(child => new Neighbour(child, NeighbourKind.Child)),
        .. cell.Parent is { } parent ? new[] { new Neighbour(parent, NeighbourKind.Parent) } : [],
    ];

    /// <summary>Names from the top down, joined by '.', for people.</summary>
    public string PathOf(TopologyCell cell) => cell.Parent is { } parent
        ? $"{(Cells.FirstOrDefault(c => c.Name == parent) is { } above ? PathOf(above) : parent.Value)}.{cell.Name}"
        : cell.Name.Value;

    /// <summary>As it stands in files.</summary>
    public static string KindWord(CellKind kind) => kind switch
    {
        CellKind.Api => "api",
        CellKind.Routing => "routing",
        CellKind.Compute => "compute",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of cell"),
    };

    /// <exception cref="CellsException">The file is not a topology; the message names line, key and what is valid.</exception>
    public static Topology Read(string path, int hostsPerCell)
    {
        var file = ConfigurationFile.Read(path);
        file.AllowOnly(file.Root, "the topology", "cells", "simulated_host");
        return Read(file, hostsPerCell, isPart: false);
    }

    /// <summary>The key 'cells' of a file whose other keys are its reader's: parents and children may be elsewhere.</summary>
    internal static Topology ReadPart(ConfigurationFile file) => Read(file, hostsPerCell: 0, isPart: true);

    private static Topology Read(ConfigurationFile file, int hostsPerCell, bool isPart)
    {
        var cells = new List<TopologyCell>();
        var at = new Dictionary<CellName, YamlNode>();
        foreach (var node in file.List(file.Require(file.Root, "cells", "the topology"), "'cells'"))
        {
            var cell = ReadCell(file, file.Mapping(node, "a cell"), hostsPerCell, isPart);
            if (!at.TryAdd(cell.Name, node))
                throw file.Error(node, $"cell '{cell.Name}' stands here a second time; a name is unique in the tree.");
            cells.Add(cell);
        }
        Check(file, cells, at, isPart);
        return new Topology(cells, ReadShape(file));
    }

    private static TopologyCell ReadCell(ConfigurationFile file, YamlMappingNode node, int hostsPerCell, bool isPart)
    {
        string[] keys = ["name", "kind", "parent", "zone", "simulated_hosts", "simulated_pools", "hosts"];
        file.AllowOnly(node, "a cell", isPart ? [.. keys, "children"] : keys);
        var name = Name(file, file.Require(node, "name", "a cell"));
        var kindNode = file.Require(node, "kind", $"cell '{name}'");
        CellKind kind = file.Text(kindNode, "'kind'") switch
        {
            "api" => CellKind.Api,
            "routing" => CellKind.Routing,
            "compute" => CellKind.Compute,
            var other => throw file.Error(kindNode, $"cell '{name}': kind '{other}' is none of api, routing, compute."),
        };
        CellName? parent = ConfigurationFile.Find(node, "parent") is { } p ? Name(file, p) : null;
        var zone = ConfigurationFile.Find(node, "zone") is { } z ? file.Text(z, "'zone'") : TopologyCell.DefaultZone;
        var hosts = ConfigurationFile.Find(node, "hosts") is { } list ? ReadHosts(file, list) : [];
        var pools = ConfigurationFile.Find(node, "simulated_pools") is { } p2 ? ReadPools(file, p2) : [];
        var simulated = ConfigurationFile.Find(node, "simulated_hosts") is { } s
            ? file.Number(s, "'simulated_hosts'", 0, 1000)
            : kind == CellKind.Compute && hosts.Count == 0 && pools.Count == 0 ? hostsPerCell : 0;
        List<CellName> children = ConfigurationFile.Find(node, "children") is { } far ? [.. file.List(far, "'children'").Select(child => Name(file, child))] : [];
        if (kind == CellKind.Compute && children.Count > 0)
            throw file.Error(node, $"cell '{name}' is a compute cell and can have no children: only api and routing cells have.");
        if (kind != CellKind.Compute && (simulated > 0 || hosts.Count > 0 || pools.Count > 0))
            throw file.Error(node, $"cell '{name}' is of kind {file.Text(kindNode, "'kind'")} and can have no hosts: only compute cells have.");
        return new TopologyCell(name, kind, parent, zone, simulated, hosts) { SimulatedPools = pools, ChildrenElsewhere = children };
    }

    private static List<SimulatedPool> ReadPools(ConfigurationFile file, YamlNode list)
    {
        var pools = new List<SimulatedPool>();
        foreach (var node in file.List(list, "'simulated_pools'"))
        {
            var pool = file.Mapping(node, "a pool");
            file.AllowOnly(pool, "a pool", "name", "hosts", "spares");
            var read = new SimulatedPool(
                Name(file, file.Require(pool, "name", "a pool")).Value,
                file.Number(file.Require(pool, "hosts", "a pool"), "'hosts'", 1, 64),
                ConfigurationFile.Find(pool, "spares") is { } spares ? file.Number(spares, "'spares'", 0, 64) : 0);
            if (pools.Exists(known => known.Name == read.Name))
                throw file.Error(node, $"pool '{read.Name}' stands here a second time; a name is unique in its cell.");
            pools.Add(read);
        }
        return pools;
    }

    private static List<RealHost> ReadHosts(ConfigurationFile file, YamlNode list)
    {
        var hosts = new List<RealHost>();
        foreach (var node in file.List(list, "'hosts'"))
        {
            var host = file.Mapping(node, "a host");
            file.AllowOnly(host, "a host", "url", "members", "user", "password_file");
            hosts.Add(new RealHost(
                Url(file, file.Require(host, "url", "a host")),
                ConfigurationFile.Find(host, "user") is { } user ? file.Text(user, "'user'") : "root",
                file.Text(file.Require(host, "password_file", "a host"), "'password_file'"))
            {
                Members = ConfigurationFile.Find(host, "members") is { } members ? [.. file.List(members, "'members'").Select(m => Url(file, m))] : [],
            });
        }
        return hosts;
    }

    private static Uri Url(ConfigurationFile file, YamlNode node) =>
        Uri.TryCreate(file.Text(node, "'url'"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw file.Error(node, $"'{node}' is not an http or https URL of a XenAPI host.");

    private static SimulatedHostShape ReadShape(ConfigurationFile file)
    {
        if (ConfigurationFile.Find(file.Root, "simulated_host") is not { } node)
            return SimulatedHostShape.Default;
        var shape = file.Mapping(node, "'simulated_host'");
        file.AllowOnly(shape, "'simulated_host'", "vcpus", "memory_gib", "disk_gib", "shared_disk_gib");
        var given = SimulatedHostShape.Default;
        return new SimulatedHostShape(
            ConfigurationFile.Find(shape, "vcpus") is { } v ? file.Number(v, "'vcpus'", 1, 1024) : given.Vcpus,
            ConfigurationFile.Find(shape, "memory_gib") is { } m ? file.Number(m, "'memory_gib'", 4, 16_384) : given.MemoryGib,
            ConfigurationFile.Find(shape, "disk_gib") is { } d ? file.Number(d, "'disk_gib'", 1, 1_048_576) : given.DiskGib)
        {
            SharedDiskGib = ConfigurationFile.Find(shape, "shared_disk_gib") is { } sd ? file.Number(sd, "'shared_disk_gib'", 1, 1_048_576) : given.SharedDiskGib,
        };
    }

    private static void Check(ConfigurationFile file, List<TopologyCell> cells, Dictionary<CellName, YamlNode> at, bool isPart)
    {
        foreach (var cell in cells)
        {
            if (cell.ChildrenElsewhere.FirstOrDefault(child => cells.Exists(c => c.Name == child)) is { Value.Length: > 0 } here)
                throw file.Error(at[cell.Name], $"cell '{cell.Name}' has '{here}' under 'children', which are those of other processes, and '{here}' is in this file.");
            if (cell.Parent is not { } parent)
                continue;
            var above = cells.Find(c => c.Name == parent);
            if (above is null && isPart)
                continue;
            if (above is null)
                throw file.Error(at[cell.Name], $"cell '{cell.Name}' names the parent '{parent}', which is not in the file. Nearest name: '{NearestKey.Of(parent.Value, cells.Select(c => c.Name.Value))}'.");
            if (above.Kind == CellKind.Compute)
                throw file.Error(at[cell.Name], $"cell '{cell.Name}' hangs under '{parent}', a compute cell: only api and routing cells have children.");
        }
        var tops = cells.Where(c => c.Parent is null).ToList();
        if (tops.Count != 1 && !(isPart && tops.Count == 0))
            throw file.Error(file.Root, $"one cell must have no parent (the top); here {tops.Count} have none: {string.Join(", ", tops.Select(t => t.Name))}.");
        if (tops.Count > 0 && tops[0].Kind != CellKind.Api)
            throw file.Error(at[tops[0].Name], $"the top cell '{tops[0].Name}' must be of kind api: clients enter there.");
        foreach (var cell in cells)
        {
            var seen = new HashSet<CellName>();
            for (var c = cell; c is not null; c = c.Parent is { } parent ? cells.Find(x => x.Name == parent) : null)
                if (!seen.Add(c.Name))
                    throw file.Error(at[cell.Name], $"cell '{cell.Name}' is its own ancestor.");
        }
    }

    private static CellName Name(ConfigurationFile file, YamlNode node) =>
        CellName.TryParse(file.Text(node, "a cell name"), out var name)
            ? name
            : throw file.Error(node, $"'{node}' is not a cell name: 1 to 63 of a-z, 0-9 and '-', beginning with a letter.");
}

/// <param name="SimulatedHosts">How many XenSim hosts are started for it.</param>
internal sealed record TopologyCell(CellName Name, CellKind Kind, CellName? Parent, string Zone, int SimulatedHosts, IReadOnlyList<RealHost> Hosts)
{
    public const string DefaultZone = "nova";

    /// <summary>Children that run in other processes.</summary>
    public IReadOnlyList<CellName> ChildrenElsewhere { get; init; } = [];

    /// <summary>Simulated pools of several members.</summary>
    public IReadOnlyList<SimulatedPool> SimulatedPools { get; init; } = [];

    /// <summary>Hosts that are to be up; of a real pool whose members are not named one is known.</summary>
    public int ExpectedHosts => SimulatedHosts + SimulatedPools.Sum(p => p.Hosts) + Hosts.Sum(h => Math.Max(1, h.Members.Count));
}

/// <param name="Spares">Machines beside it that stand by, outside of the pool.</param>
internal sealed record SimulatedPool(string Name, int Hosts, int Spares);

/// <summary>A XenServer or XCP-ng host, by its XenAPI URL; the password lies in a file of mode 0600.</summary>
internal sealed record RealHost(Uri Url, string User, string PasswordFile)
{
    /// <summary>Other members of its pool, asked for the coordinator when <see cref="Url"/> does not answer.</summary>
    public IReadOnlyList<Uri> Members { get; init; } = [];
}

internal sealed record SimulatedHostShape(int Vcpus, int MemoryGib, int DiskGib)
{
    /// <summary>Eight of them hold every flavor that `up` makes.</summary>
    public static readonly SimulatedHostShape Default = new(Vcpus: 32, MemoryGib: 128, DiskGib: 2048);

    /// <summary>Of the repository that all members of a simulated pool share.</summary>
    public int SharedDiskGib { get; init; } = 8192;
}
