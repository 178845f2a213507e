using Cells.Compute.Pools;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute.Pools;

/// <summary>Configured addresses that lead to other pools, or where the login is refused, over real HTTP: the pool is entered by another one.</summary>
public sealed class PoolAddressTests
{
    private PoolWorldForTests _world = null!;

    [SetUp]
    public async Task Begin() => _world = await PoolWorldForTests.StartTwoAsync();

    [TearDown]
    public async Task End() => await _world.DisposeAsync();

    [Test]
    public async Task An_address_that_belongs_to_another_pool_by_now_is_passed_over_and_named()
    {
        await TakenOnceAsync();

        var owner = _world.Own(through: [1, 0]);
        var shown = await owner.NextAsync<PoolShown>(_ => true);
        var ready = await owner.NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Ready);

        Assert.That(shown.Hosts.Single().Name, Is.EqualTo("host-1"));
        Assert.That(ready.Reason, Does.Contain($"{_world.AddressOf(1)} belongs to another pool"));
        Assert.That(_world.Fleet.Account()[1].Sessions, Is.Empty, "the session with the other pool has ended");
    }

    [Test]
    public async Task An_address_that_refuses_the_login_is_passed_over_and_named()
    {
        await TakenOnceAsync();
        _world.Fleet.Inject(new SimFault.OnCall("session.login_with_password", FaultKind.Fail, "SESSION_AUTHENTICATION_FAILED", ["root", ""], Host: "host-2"));

        var owner = _world.Own(through: [1, 0]);
        var ready = await owner.NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Ready);

        Assert.That(ready.Reason, Does.Contain($"{_world.AddressOf(1)} refused the login as root (SESSION_AUTHENTICATION_FAILED)"));
    }

    [Test]
    public async Task When_all_addresses_lead_elsewhere_the_pool_is_refused_with_each_of_them_and_no_session_is_left()
    {
        await TakenOnceAsync();

        var refused = await _world.Own(through: [1]).NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Refused);

        Assert.That(refused.Reason, Does.Contain($"{_world.AddressOf(1)} belongs to another pool").And.Contains("addresses in the configuration"));
        Assert.That(_world.Fleet.Account()[1].Sessions, Is.Empty);
    }

    [Test]
    public async Task A_pool_that_nobody_reaches_from_the_start_is_told_once()
    {
        _world.Fleet.Inject(new SimFault.CutNetwork(_world.Fleet.Hosts[0].Name, TimeSpan.FromSeconds(5)));

        var owner = _world.Own();
        await owner.ReadyAsync();

        Assert.That(owner.Log.Split("Warning 2014: Pool pool-1: cannot be entered (").Length - 1, Is.EqualTo(1), owner.Log);
    }

    /// <summary>The cell's database knows from then on which pool goes by the name.</summary>
    private async Task TakenOnceAsync()
    {
        var first = _world.Own();
        await first.ReadyAsync();
        first.Crash();
    }
}
