using System.Text.Json.Serialization;

namespace Cells.Contracts;

/// <summary>What a customer may order. Memory in MiB, disk in GiB (Nova's units); disk is the root disk and is at least 1 here.</summary>
public sealed record Flavor(string Id, string Name, int Vcpus, long MemoryMib, long DiskGib)
{
    /// <summary>What a placement or a hypervisor is told besides; null for nothing.</summary>
    public IReadOnlyDictionary<string, string>? ExtraSpecs { get; init; }

    [JsonIgnore]
    public HostResources Need => new(Vcpus, MemoryMib);
    [JsonIgnore]
    public long DiskBytes => DiskGib * Units.Gib;
}

/// <summary>What a cell must know of an image to fetch and check it. Size in bytes; the digest is SHA-256, lower-case hex, of the raw bytes.</summary>
public sealed record ImageSpec(ImageId Id, long SizeBytes, string Sha256, string DiskFormat);
