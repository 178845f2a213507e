using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Cells.Compute.Hosts;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute.Pools;

/// <summary>
/// How soon a member that falls silent is down, in real time and over real sockets, while the session with its pool's coordinator is fine: nothing of the
/// pool's own says anything for ten minutes.
/// </summary>
public sealed class MuteMemberTests
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(15);

    private PoolWorldForTests _world = null!;
    private Rerouted _wires = null!;

    [SetUp]
    public async Task Begin()
    {
        _world = await PoolWorldForTests.StartPoolAsync(members: 3);
        _world.Wires = _wires = new Rerouted(_world.Wires);
    }

    [TearDown]
    public async Task End() => await _world.DisposeAsync();

    /// <summary>A process that is stopped has its connections accepted by the kernel and answers nothing; one that has ended has them refused.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_member_that_falls_silent_is_down_within_15_s_though_its_pool_answers(bool accepts)
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var there = HostAddress.Parse($"http://127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}");
        if (!accepts)
            mute.Stop();
        var owner = _world.Own();
        var shown = await owner.ReadyAsync();
        var member = shown.Hosts.Single(h => h.Name == "host-2");
        var heard = new SortedSet<Guid>();
        while (heard.Count < 3)
            heard.Add((await owner.NextAsync<HostHealthChanged>(h => h.Health.Status == HostStatus.Up)).Host.Value);

        var began = Stopwatch.GetTimestamp();
        _wires.Reroute(member.Address, there);
        var down = await owner.NextAsync<HostHealthChanged>(h => h.Health.Status == HostStatus.Down);
        var took = Stopwatch.GetElapsedTime(began);

        Assert.That(down.Host, Is.EqualTo(member.Host));
        Assert.That(took, Is.LessThanOrEqualTo(AtMost));
        Assert.That(await owner.Handle.CallAsync(Cells.Compute.XenApi.Host.ComputeFreeMemory(member.Ref), CancellationToken.None), Is.GreaterThan(0), "the coordinator answers for it all the while");

        _wires.Reroute(member.Address, member.Address);
        Assert.That((await owner.NextAsync<HostHealthChanged>(_ => true)).Health.Status, Is.EqualTo(HostStatus.Up));
        TestContext.Out.WriteLine($"down after {took.TotalSeconds:0.0} s");
    }

    /// <summary>What is sent to one address goes to another, over the same kind of wire.</summary>
    private sealed class Rerouted(IXapiWireFactory inner) : IXapiWireFactory
    {
        private readonly ConcurrentDictionary<HostAddress, HostAddress> _ways = [];

        public void Reroute(HostAddress from, HostAddress to) => _ways[from] = to;

        public IXapiWire Open(HostAddress address) => inner.Open(_ways.GetValueOrDefault(address, address));
    }
}
