using Cells.Contracts;

namespace Cells.Chaos.Tree;

/// <summary>What there is to order in every world, and who orders.</summary>
internal static class WorldThings
{
    /// <summary>Small enough that a busy seed meets it.</summary>
    public const int QuotaInstances = 45;

    /// <summary>Room for what both projects may have, and little more: addresses are given again.</summary>
    public const string Subnet = "10.9.0.0/25";

    public static readonly Guid Network = Guid.Parse("c0000000-0000-4000-8000-000000000001");

    public static readonly IReadOnlyList<ProjectId> Projects =
    [
        new(Guid.Parse("a0000000-0000-4000-8000-000000000001")),
        new(Guid.Parse("a0000000-0000-4000-8000-000000000002")),
    ];

    public static readonly UserId User = new(Guid.Parse("b0000000-0000-4000-8000-000000000001"));

    public static readonly IReadOnlyList<Flavor> Flavors =
    [
        new("1", "small", 1, 512, 5),
        new("2", "medium", 2, 2048, 10),
        new("3", "large", 4, 6144, 20),
    ];
}
