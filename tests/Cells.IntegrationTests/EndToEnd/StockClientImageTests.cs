using System.Security.Cryptography;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Images of servers, consoles and diagnostics, ordered by Debian's unmodified openstack client at the tree that `cells up` makes.</summary>
[NonParallelizable]
public sealed class StockClientImageTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(120);

    [SetUp]
    public void RequireClient() => Needs.OpenStackClient();

    [Test]
    public async Task A_server_s_image_is_made_saved_and_booted_with_the_same_bytes_and_its_console_is_read()
    {
        var up = await SharedTree.UpAsync();
        using var cloud = await up.EnterAsync();
        var id = await cloud.CreateAsync("source", await cloud.NewImageAsync("base"));
        await cloud.UntilAsync(id, Soon, "ACTIVE");

        var console = await up.OpenStackAsync("console", "log", "show", "--lines", "3", id);
        Assert.That(console.Code, Is.Zero, console.Said);
        Assert.That(console.Out, Does.Contain("login:"));
        var diagnostics = await up.OpenStackAsync("--os-compute-api-version", "2.48", "server", "show", "--diagnostics", id, "-f", "json");
        Assert.That(diagnostics.Code, Is.Zero, diagnostics.Said);
        Assert.That(diagnostics.Out, Does.Contain("xenapi").And.Contain("running"));

        var made = await up.OpenStackAsync("server", "image", "create", "--name", "made", "--wait", id);
        Assert.That(made.Code, Is.Zero, made.Said);
        await cloud.UntilIdleAsync(id, Soon, "ACTIVE");
        var image = await up.OpenStackJsonAsync("image", "show", "made");
        Assert.That((image.GetProperty("status").GetString(), image.GetProperty("visibility").GetString(), image.GetProperty("size").GetInt64()),
            Is.EqualTo(("active", "private", 1L << 30)), "the disk of m1.tiny, whole");
        var saved = Path.Combine(up.Data, "saved.raw");
        var save = await up.OpenStackAsync("image", "save", "--file", saved, "made");
        Assert.That(save.Code, Is.Zero, save.Said);
        var digest = await DigestAsync(saved);
        File.Delete(saved);

        var copy = await cloud.CreateAsync("copy", image.GetProperty("id").GetString()!);
        await cloud.UntilAsync(copy, Soon, "ACTIVE");
        var disk = (await (await up.SimAsync()).AccountAsync()).Hosts.SelectMany(h => h.Disks).First(d => d.OtherConfig.GetValueOrDefault("cells-instance") == copy);
        Assert.That((disk.ContentSha256, disk.ContentLength), Is.EqualTo((digest, 1L << 30)), "the second server reads what the first one had");

        var backup = await up.OpenStackAsync("server", "backup", "create", "--name", "backup", "--type", "daily", "--rotate", "1", "--wait", copy);
        Assert.That(backup.Code, Is.Zero, backup.Said);
        Assert.That((await up.OpenStackJsonAsync("image", "show", "backup")).GetProperty("status").GetString(), Is.EqualTo("active"));

        await cloud.UntilIdleAsync(copy, Soon, "ACTIVE");
        await cloud.DeleteAsync(copy);
        await cloud.DeleteAsync(id);
        foreach (var name in new[] { "made", "backup" })
            Assert.That((await up.OpenStackAsync("image", "delete", name)).Code, Is.Zero, name);
    }

    private static async Task<string> DigestAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
    }
}
