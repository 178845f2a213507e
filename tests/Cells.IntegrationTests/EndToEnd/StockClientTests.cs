using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Debian's unmodified openstack client against the tree that `cells up` makes.</summary>
[NonParallelizable]
public sealed class StockClientTests
{
    private string _data = "";
    private CellsUp? _up;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Needs.OpenStackClient();
        _data = CellsUp.NewDataDirectory();
        _up = await CellsUp.StartAsync(_data);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_up is not null)
            await _up.DisposeAsync();
        if (_data.Length > 0)
            Directory.Delete(_data, recursive: true);
    }

    [Test]
    public async Task The_first_commands_of_a_new_user_work()
    {
        var up = _up!;
        var image = Path.Combine(_data, "disk.raw");
        await File.WriteAllBytesAsync(image, new byte[1_234_567]);                   // no round number: sizes are rounded up, zero-filled

        var token = await up.OpenStackJsonAsync("token", "issue");
        Assert.That(token.GetProperty("id").GetString(), Is.Not.Empty);

        var catalog = await up.OpenStackJsonAsync("catalog", "list");
        Assert.That(catalog.EnumerateArray().Select(s => s.GetProperty("Type").GetString()), Is.SupersetOf(new[] { "identity", "compute", "image" }));

        var flavors = await up.OpenStackJsonAsync("flavor", "list");
        Assert.That(flavors.GetArrayLength(), Is.GreaterThan(0));
        Assert.That(flavors.EnumerateArray().Select(f => f.GetProperty("Disk").GetInt32()), Is.All.GreaterThan(0));
        var flavor = flavors.EnumerateArray().First().GetProperty("Name").GetString()!;

        await up.OpenStackJsonAsync("image", "create", "--disk-format", "raw", "--container-format", "bare", "--file", image, "first");
        var images = await up.OpenStackJsonAsync("image", "list");
        Assert.That(images.EnumerateArray().Single().GetProperty("Status").GetString(), Is.EqualTo("active"));

        await up.OpenStackJsonAsync("keypair", "create", "first");
        var limits = await up.OpenStackJsonAsync("limits", "show", "--absolute");
        Assert.That(limits.EnumerateArray().Single(l => l.GetProperty("Name").GetString() == "maxTotalInstances").GetProperty("Value").GetInt32(), Is.Not.Zero);

        var created = await up.OpenStackJsonAsync("server", "create", "--flavor", flavor, "--image", "first", "--key-name", "first", "--wait", "web");
        Assert.That(created.GetProperty("status").GetString(), Is.EqualTo("ACTIVE"));
        var id = created.GetProperty("id").GetString()!;

        var list = await up.OpenStackJsonAsync("server", "list", "--long");
        Assert.That(list.EnumerateArray().Single().GetProperty("Power State").GetRawText(), Does.Contain("1").Or.Contain("Running"));
        var shown = await up.OpenStackJsonAsync("server", "show", "web");
        Assert.That(shown.GetProperty("OS-EXT-STS:vm_state").GetString(), Is.EqualTo("active"));

        var running = Domains(await up.AccountingAsync(), id);
        Assert.That(running, Is.EqualTo(1), "one VM of the server runs on the simulated hosts");
        var (code, story, error) = await up.CellsAsync("explain", id);
        Assert.That(code, Is.Zero, error);
        Assert.That(story, Does.Contain("global").And.Contain("host"));

        var (deleted, text, complaint) = await up.OpenStackAsync("server", "delete", "--wait", "web");
        Assert.That(deleted, Is.Zero, text + complaint);
        Assert.That(Domains(await up.AccountingAsync(), id), Is.Zero);
    }

    private static int Domains(System.Text.Json.JsonElement accounting, string instance) =>
        accounting.EnumerateArray().Sum(h => h.GetProperty("vms").EnumerateArray().Count(v => v.GetRawText().Contains(instance)));
}
