using Cells.Compute.Hosts;
using Cells.Compute.Placement;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>The placer's picture: no host is chosen for more than it has, and what is given back is there again.</summary>
public sealed class InventoryTests
{
    private static readonly HostId Host = Rows.Place.Host;
    private static readonly SrId Sr = Rows.Place.Sr;

    [Test]
    public void Whatever_is_taken_and_given_back_no_provider_is_promised_more_than_it_has([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var inventory = OneHost();
        var held = new List<IReadOnlyList<ClaimPart>>();
        for (var i = 0; i < 2_000; i++)
        {
            if (held.Count > 0 && random.Next(3) == 0)
            {
                inventory.GiveBack(held[^1]);
                held.RemoveAt(held.Count - 1);
                continue;
            }
            var request = PlacementRequest.For(new Flavor("f", "f", random.Next(1, 4), random.Next(1, 5) * 512, random.Next(1, 20)), null, null, [], []);
            if (ChooseHost.Decide(Rows.Cell, inventory.Index, request, HostPolicy.Pack) is not { Host: { } host } decision)
                continue;
            var parts = ClaimOf.Parts(host.Id, decision.Sr, request);
            inventory.Take(parts);
            held.Add(parts);
            Assert.That(inventory.Providers.All(p => p.Free >= 0), Is.True, $"seed {seed}, turn {i}");
        }
        foreach (var parts in held)
            inventory.GiveBack(parts);
        Assert.That(inventory.Providers.Sum(p => p.Promised), Is.Zero);
    }

    [Test]
    public void What_others_use_is_taken_off_and_an_overfull_host_takes_nothing_new()
    {
        var inventory = OneHost();

        inventory.Show(new Provider(ProviderId.Of(Host), Resource.MemoryMib, ProviderKind.Host, 8192, 1, 0, 0, Outside: 9000));

        Assert.That(inventory.Index.Find(Host)!.Free.MemoryMib, Is.EqualTo(8192 - 9000));
        var decision = ChooseHost.Decide(Rows.Cell, inventory.Index, PlacementRequest.For(new Flavor("f", "f", 1, 1, 1), null, null, [], []), HostPolicy.Pack);
        Assert.That(decision.Host, Is.Null);
    }

    [Test]
    public void What_operators_say_of_a_host_is_placed_by_and_only_the_highest_number_counts()
    {
        var inventory = OneHost();
        ConfigureHost Said(long number, bool disabled, string? zone) => new(Host, Rows.Cell, number, disabled, "new memory", ForcedDown: false, zone, []);
        HostState Seen() => inventory.Index.Find(Host)!;

        inventory.Configure(Said(2, disabled: true, zone: "zone-a"));
        Assert.That((Seen().Unavailable, Seen().Zone), Is.EqualTo(("disabled by an operator: new memory", "zone-a")));

        inventory.Configure(Said(1, disabled: false, zone: null));
        Assert.That(Seen().Zone, Is.EqualTo("zone-a"), "late words say nothing");

        inventory.Configure(Said(3, disabled: false, zone: null));
        Assert.That((Seen().Unavailable, Seen().Zone), Is.EqualTo(((string?)null, "nova")));
    }

    [Test]
    public void What_the_database_says_is_promised_replaces_what_was_thought_and_nothing_else()
    {
        var inventory = OneHost();
        inventory.Take([new ClaimPart(ProviderId.Of(Host), Resource.MemoryMib, 4096)]);

        inventory.LoadPromises([new Provider(ProviderId.Of(Host), Resource.MemoryMib, ProviderKind.Host, 1, 1, 0, Promised: 1024, Outside: 0)]);

        Assert.That(inventory.Index.Find(Host)!.Free.MemoryMib, Is.EqualTo(8192 - 1024));
    }

    [Test]
    public void What_is_promised_of_a_repository_counts_for_the_hosts_that_see_it_now()
    {
        var (inventory, other) = (OneHost(), new HostId(Guid.Parse("77777777-7777-7777-7777-777777777777")));
        inventory.Put(new SrRecord(Sr, Rows.Place.Pool, "local", "ext", Shared: false));
        inventory.Show(new Provider(ProviderId.Of(other), Resource.Vcpu, ProviderKind.Host, 8, 4, 0, 0, 0));
        inventory.Show(new Provider(ProviderId.Of(other), Resource.MemoryMib, ProviderKind.Host, 8192, 1, 0, 0, 0));
        inventory.Put(new HostRecord(other, Rows.Place.Pool, "host-2", "http://127.0.0.1", "up", true, 8, 8192, [Sr]));
        inventory.Put(inventory.Find(Host)! with { Srs = [] });

        inventory.Take([new ClaimPart(ProviderId.Of(Sr), Resource.DiskBytes, 40 * Units.Gib)]);

        Assert.That(inventory.Index.Find(other)!.LocalSr!.Value.FreeBytes, Is.EqualTo(60 * Units.Gib));
        Assert.That(inventory.Index.Find(Host)!.LocalSr, Is.Null);
    }

    private static Inventory OneHost()
    {
        var inventory = new Inventory("default", "nova");
        inventory.Load(new InventoryRows(
            [new HostRecord(Host, Rows.Place.Pool, "host-1", "http://127.0.0.1", "up", true, 8, 8192, [Sr])],
            [new SrRecord(Sr, Rows.Place.Pool, "local", "ext", false)],
            [
                new Provider(ProviderId.Of(Host), Resource.Vcpu, ProviderKind.Host, 8, 4, 0, 0, 0),
                new Provider(ProviderId.Of(Host), Resource.MemoryMib, ProviderKind.Host, 8192, 1, 0, 0, 0),
                new Provider(ProviderId.Of(Sr), Resource.DiskBytes, ProviderKind.Sr, 100 * Units.Gib, 1, 0, 0, 0),
            ]));
        return inventory;
    }
}
