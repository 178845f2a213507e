using System.Text.Json.Serialization;
using Cells.Contracts.Wire;

namespace Cells.Contracts;

/// <summary>An id that is a uuid of its own type, so that a host's cannot be passed for an instance's.</summary>
public interface IGuidId<TSelf> where TSelf : struct, IGuidId<TSelf>
{
    Guid Value { get; }
    static abstract TSelf From(Guid value);
}

/// <summary>The customer's server, from its first POST to its last tombstone. The same uuid in every cell and in the VM's stamp.</summary>
[JsonConverter(typeof(GuidIdConverter<InstanceId>))]
public readonly record struct InstanceId(Guid Value) : IGuidId<InstanceId>
{
    public static InstanceId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A hypervisor: the XenAPI host's uuid.</summary>
[JsonConverter(typeof(GuidIdConverter<HostId>))]
public readonly record struct HostId(Guid Value) : IGuidId<HostId>
{
    public static HostId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A XenAPI pool's uuid; a standalone host is a pool of one.</summary>
[JsonConverter(typeof(GuidIdConverter<PoolId>))]
public readonly record struct PoolId(Guid Value) : IGuidId<PoolId>
{
    public static PoolId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A storage repository: the XenAPI SR's uuid.</summary>
[JsonConverter(typeof(GuidIdConverter<SrId>))]
public readonly record struct SrId(Guid Value) : IGuidId<SrId>
{
    public static SrId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>Whatever capacity belongs to: a host or an SR, by its XenAPI uuid.</summary>
[JsonConverter(typeof(GuidIdConverter<ProviderId>))]
public readonly record struct ProviderId(Guid Value) : IGuidId<ProviderId>
{
    public static ProviderId From(Guid value) => new(value);
    public static ProviderId Of(HostId host) => new(host.Value);
    public static ProviderId Of(SrId sr) => new(sr.Value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>An image of the image service (Glance v2 id).</summary>
[JsonConverter(typeof(GuidIdConverter<ImageId>))]
public readonly record struct ImageId(Guid Value) : IGuidId<ImageId>
{
    public static ImageId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A network as tenants see it (Neutron v2 id). Which XenAPI network it is in each pool is said by its key.</summary>
[JsonConverter(typeof(GuidIdConverter<NetworkId>))]
public readonly record struct NetworkId(Guid Value) : IGuidId<NetworkId>
{
    public static NetworkId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A range of addresses of a network (Neutron v2 id).</summary>
[JsonConverter(typeof(GuidIdConverter<SubnetId>))]
public readonly record struct SubnetId(Guid Value) : IGuidId<SubnetId>
{
    public static SubnetId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A place on a network: one MAC, one address, and the server that has it, if any (Neutron v2 id).</summary>
[JsonConverter(typeof(GuidIdConverter<PortId>))]
public readonly record struct PortId(Guid Value) : IGuidId<PortId>
{
    public static PortId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("D");
}

/// <summary>A project (tenant). Keystone prints it as 32 hex digits; so do we.</summary>
[JsonConverter(typeof(GuidIdConverter<ProjectId>))]
public readonly record struct ProjectId(Guid Value) : IGuidId<ProjectId>
{
    public static ProjectId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("N");
}

/// <summary>A user. Keystone prints it as 32 hex digits; so do we.</summary>
[JsonConverter(typeof(GuidIdConverter<UserId>))]
public readonly record struct UserId(Guid Value) : IGuidId<UserId>
{
    public static UserId From(Guid value) => new(value);
    public override string ToString() => Value.ToString("N");
}
