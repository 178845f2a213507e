using System.Diagnostics;
using System.Text.Json;
using Cells.IntegrationTests.Compute.Pools;
using Cells.XenSim.Fleet;
using NUnit.Framework;

namespace Cells.IntegrationTests.XenSim;

/// <summary>
/// XenAPI clients that others wrote, from the package registries, drive the simulator: what they cannot do with it, it does not do as published. Without
/// the registry a test is ignored on a desk and fails in CI.
/// </summary>
public sealed class ForeignClientTests
{
    private const string XenOrchestraVersion = "4.7.6";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly string Scripts = Path.Combine(AppContext.BaseDirectory, "XenSim", "Clients");

    private readonly string _directory = Directory.CreateTempSubdirectory("cells-client-").FullName;
    private XenSimFleet _fleet = null!;

    [SetUp]
    public async Task StartFleet() => _fleet = await XenSimFleet.StartAsync(
        new XenSimFleetOptions { Pools = [SimulatedPools.Of(members: 2, spares: 0, "secret")] }, TimeProvider.System, CancellationToken.None);

    [TearDown]
    public async Task StopFleet()
    {
        await _fleet.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>JSON-RPC; entered through a member, which sends it to the coordinator.</summary>
    [Test]
    public async Task Xen_Orchestras_client_lives_a_vms_life()
    {
        File.WriteAllText(Path.Combine(_directory, "package.json"), """{ "private": true }""");
        File.Copy(Path.Combine(Scripts, "xen-orchestra.mjs"), Path.Combine(_directory, "xen-orchestra.mjs"));
        var installed = await RunAsync("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", $"xen-api@{XenOrchestraVersion}");
        if (installed.Code != 0)
            Without($"npm could not install xen-api@{XenOrchestraVersion} ({installed.Code}): {installed.Error}");

        var said = await RunAsync("node", "xen-orchestra.mjs", _fleet.Hosts[1].Url.ToString(), "secret");

        Assert.That(said.Code, Is.Zero, said.Error);
        var told = JsonDocument.Parse(said.Out).RootElement;
        Assert.That(Texts(told.GetProperty("hosts")), Is.EqualTo(new[] { "host-1", "host-2" }));
        Assert.That(Texts(told.GetProperty("states")), Is.EqualTo(new[] { "Running", "Halted" }));
        Assert.That(told.GetProperty("residentOn").GetString(), Does.StartWith("host-"));
        Assert.That(told.GetProperty("refused").GetString(), Is.EqualTo("VM_BAD_POWER_STATE"));
        AssertNothingLeft();
    }

    /// <summary>XML-RPC: OpenStack's copy of the vendor's own Python client, as Debian packs it.</summary>
    [Test]
    public async Task OpenStacks_client_lives_a_vms_life_in_the_other_protocol()
    {
        const string Python = "/usr/bin/python3";
        if (!File.Exists(Python) || (await RunAsync(Python, "-c", "import os_xenapi.client.XenAPI")).Code != 0)
            Without("Debian's package python3-os-xenapi is not installed; apt-get install python3-os-xenapi brings it");

        var said = await RunAsync(Python, Path.Combine(Scripts, "os_xenapi_client.py"), _fleet.Hosts[0].Url.ToString(), "secret");

        Assert.That(said.Code, Is.Zero, said.Error);
        var told = JsonDocument.Parse(said.Out).RootElement;
        Assert.That(Texts(told.GetProperty("hosts")), Is.EqualTo(new[] { "host-1", "host-2" }));
        Assert.That((told.GetProperty("power_state").GetString(), told.GetProperty("vcpus").GetString()), Is.EqualTo(("Running", "1")));
        Assert.That(Texts(told.GetProperty("changed")), Is.EqualTo(new[] { "mod Running" }));
        Assert.That((told.GetProperty("counted").GetInt32(), told.GetProperty("control_domains").GetInt32()), Is.EqualTo((4, 2)), "a template, two control domains and the VM");
        Assert.That(told.GetProperty("refused").GetString(), Is.EqualTo("VM_BAD_POWER_STATE"));
        AssertNothingLeft();
    }

    private void AssertNothingLeft()
    {
        var left = _fleet.Account()[0];
        Assert.That(left.Vms, Is.Empty);
        Assert.That(left.Disks, Is.Empty);
        Assert.That(left.Sessions, Is.Empty, "it has logged out");
    }

    private static void Without(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(reason);
        Assert.Ignore(reason);
    }

    private static IEnumerable<string?> Texts(JsonElement list) => list.EnumerateArray().Select(t => t.GetString());

    private async Task<(int Code, string Out, string Error)> RunAsync(string program, params string[] arguments)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { WorkingDirectory = _directory, RedirectStandardOutput = true, RedirectStandardError = true } };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, "", $"{program}: {missing.Message}");
        }
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, await output, $"{program} has not ended within {Patience}: {await error}");
        }
    }
}
