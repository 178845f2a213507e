using Cells.Contracts;

namespace Cells.Api.Networks;

/// <summary>A row of <c>network</c>, with its subnets, oldest first.</summary>
/// <param name="Key">What each pool's XenAPI network is found by.</param>
internal sealed record StoredNetwork(
    NetworkId Id,
    ProjectId Project,
    string Name,
    string Description,
    string Key,
    bool Shared,
    bool AdminUp,
    int Mtu,
    DateTimeOffset CreatedAt,
    long Generation,
    IReadOnlyList<StoredSubnet> Subnets)
{
    /// <summary>Whether servers and ports of this project may be on it.</summary>
    public bool IsOpenTo(ProjectId? project) => Shared || Project == project;
}

/// <summary>A row of <c>subnet</c>.</summary>
internal sealed record StoredSubnet(
    SubnetId Id,
    NetworkId Network,
    ProjectId Project,
    string Name,
    string Description,
    Cidr Cidr,
    Ipv4? Gateway,
    AddressPool Pool,
    IReadOnlyList<string> Dns,
    DateTimeOffset CreatedAt)
{
    /// <summary>Null when a port may have this address; else why not.</summary>
    public string? Refuses(Ipv4 address) =>
        !Cidr.Usable.Contains(address) ? $"IP address {address} is not a valid IP for the specified subnet."
        : address == Gateway ? $"IP address {address} is the gateway of subnet {Id}."
        : null;
}

/// <summary>A row of <c>port</c>.</summary>
/// <param name="Instance">Null: free to be given to a server.</param>
/// <param name="Device">Which of the server's interfaces.</param>
/// <param name="MadeWithServer">It goes with its server; others stay.</param>
internal sealed record StoredPort(
    PortId Id,
    NetworkId Network,
    ProjectId Project,
    string Name,
    string Description,
    string Mac,
    SubnetId Subnet,
    Ipv4 Ip,
    InstanceId? Instance,
    int Device,
    bool MadeWithServer,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);
