using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>A day of a server, ordered by Debian's unmodified openstack client at the tree that `cells up` makes, over each bus.</summary>
[TestFixture(TreeBus.InProcess)]
[TestFixture(TreeBus.RabbitMq)]
[NonParallelizable]
public sealed class StockClientActionTests(TreeBus bus)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>In this order, each from the state that the one before it left. <c>{image}</c> is a second image's id.</summary>
    private static readonly Order[] Day =
    [
        new("server stop", "stop", "SHUTOFF", "Halted"),
        new("server start", "start", "ACTIVE", "Running"),
        new("server pause", "pause", "PAUSED", "Paused"),
        new("server unpause", "unpause", "ACTIVE", "Running"),
        new("server suspend", "suspend", "SUSPENDED", "Suspended"),
        new("server resume", "resume", "ACTIVE", "Running"),
        new("server reboot --wait", "reboot", "ACTIVE", "Running"),
        new("server reboot --hard --wait", "reboot", "ACTIVE", "Running"),
        new("server rebuild --wait --image {image}", "rebuild", "ACTIVE", "Running"),
        new("server rescue", "rescue", "RESCUE", "Running"),
        new("server unrescue", "unrescue", "ACTIVE", "Running"),
        new("server lock", "lock", "ACTIVE", "Running"),
        new("server unlock", "unlock", "ACTIVE", "Running"),
    ];

    [SetUp]
    public void RequireClient() => Needs.OpenStackClient();

    [Test]
    public async Task A_server_has_its_day()
    {
        var up = await SharedTree.UpAsync(bus);
        using var cloud = await up.EnterAsync();
        var (image, other) = (await cloud.NewImageAsync("day"), await cloud.NewImageAsync("another-day"));
        var id = await cloud.CreateAsync("day", image);
        await cloud.UntilAsync(id, Soon, "ACTIVE");

        foreach (var order in Day)
        {
            var said = await up.OpenStackAsync([.. order.Words.Replace("{image}", other, StringComparison.Ordinal).Split(' '), id]);
            Assert.That(said.Code, Is.Zero, $"{order}: {said.Said}");
            await cloud.UntilIdleAsync(id, Soon, order.Status);
            var vm = (await (await up.SimAsync()).AccountAsync()).Hosts.SelectMany(h => h.Vms).Single(v => v.OtherConfig.GetValueOrDefault("cells-instance") == id);
            Assert.That(vm.PowerState, Is.EqualTo(order.PowerState), $"{order}");
            if (order.Logged == "lock")
                Assert.That((await up.OpenStackJsonAsync("--os-compute-api-version", "2.73", "server", "show", id)).GetProperty("locked").GetBoolean(), Is.True);
        }

        var refused = await up.OpenStackAsync("server", "start", id);
        Assert.That(refused.Code, Is.Not.Zero);
        Assert.That(refused.Said, Does.Contain($"Cannot 'start' instance {id} while it is in vm_state active"));

        var log = await up.OpenStackJsonAsync("server", "event", "list", id);
        Assert.That(log.EnumerateArray().Select(e => e.GetProperty("Action").GetString()), Is.EqualTo(Day.Select(o => o.Logged).Prepend("create").Reverse()));
        var request = log.EnumerateArray().Last(e => e.GetProperty("Action").GetString() == "stop").GetProperty("Request ID").GetString()!;
        Assert.That((await up.OpenStackJsonAsync("server", "event", "show", id, request)).GetProperty("action").GetString(), Is.EqualTo("stop"));

        await cloud.DeleteAsync(id);
    }

    [Test]
    public async Task A_server_is_resized_confirmed_and_reverted_and_its_migrations_are_listed()
    {
        var up = await SharedTree.UpAsync(bus);
        using var cloud = await up.EnterAsync();
        var id = await cloud.CreateAsync("grows", await cloud.NewImageAsync("grows"));
        await cloud.UntilIdleAsync(id, Soon, "ACTIVE");

        await SaidAsync("server", "resize", "--flavor", "m1.small", "--wait", id);
        await HasFlavorAsync("m1.small");
        await SaidAsync("server", "resize", "revert", id);
        await cloud.UntilIdleAsync(id, Soon, "ACTIVE");
        await HasFlavorAsync("m1.tiny");
        await SaidAsync("server", "resize", "--flavor", "m1.small", "--wait", id);
        await SaidAsync("server", "resize", "confirm", id);
        await cloud.UntilIdleAsync(id, Soon, "ACTIVE");
        await HasFlavorAsync("m1.small");

        // A host of this tree is a pool of its own: nothing else sees the disk.
        await SaidAsync("server", "migrate", "--live-migration", id);
        await cloud.UntilIdleAsync(id, Soon, "ACTIVE");
        await Eventually.SeeAsync(
            "its migrations have ended", Soon,
            async () => (await up.OpenStackJsonAsync("--os-compute-api-version", "2.79", "server", "migration", "list", "--server", id))
                .EnumerateArray().Select(m => (m.GetProperty("Type").GetString(), m.GetProperty("Status").GetString())).ToList(),
            migrations => migrations.SequenceEqual([("live-migration", "error"), ("resize", "confirmed"), ("resize", "reverted")]));
        await cloud.DeleteAsync(id);

        // What a server is comes up with its state, which flavor it has with the answer: by another lane, a moment before or after.
        Task HasFlavorAsync(string flavor) => Eventually.SeeAsync(
            $"it is of flavor {flavor}", Soon,
            async () => (await up.OpenStackJsonAsync("server", "show", id)).GetProperty("flavor").GetString()!,
            shown => shown.Contains(flavor, StringComparison.Ordinal));

        async Task SaidAsync(params string[] words)
        {
            var said = await up.OpenStackAsync(words);
            Assert.That(said.Code, Is.Zero, $"{string.Join(' ', words)}: {said.Said}");
        }
    }

    /// <summary>One thing that is ordered of the server, whose id comes last.</summary>
    /// <param name="Words">Of the client.</param>
    /// <param name="Logged">Its name in the server's log.</param>
    /// <param name="Status">What the server shows when nothing is under way any more.</param>
    /// <param name="PowerState">What the host's own accounts say of its VM then.</param>
    private sealed record Order(string Words, string Logged, string Status, string PowerState);
}
