using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Pools;

public sealed class NetworkKeysTests
{
    private static readonly XenRef<Cells.Compute.XenApi.Host> H1 = new("h1"), H2 = new("h2");

    private PoolCache _pool = PoolCache.Empty(new PoolId(Guid.NewGuid()), HostAddress.Parse("http://10.0.0.1"));

    [Test]
    public void A_network_is_found_by_its_name_and_its_bridge_and_management_is_the_hosts_own()
    {
        Network("n0", "Pool-wide network associated with eth0", "xenbr0");
        Network("n1", "storage", "xenbr1");
        Pif(H1, "n0", management: true);
        Pif(H1, "n1");
        Pif(H2, "n1", management: true);

        Assert.That(Keys(H1), Is.EqualTo("Pool-wide network associated with eth0=n0, management=n0, storage=n1, xenbr0=n0, xenbr1=n1"));
        Assert.That(Keys(H2), Is.EqualTo("management=n1, storage=n1, xenbr1=n1"));
    }

    [Test]
    public void What_an_operator_marked_goes_before_names()
    {
        Network("n0", "storage", "xenbr0");
        Network("n1", "other", "xenbr1", mark: "storage");
        Pif(H1, "n0");
        Pif(H1, "n1");

        Assert.That(Keys(H1), Is.EqualTo("other=n1, storage=n1, xenbr0=n0, xenbr1=n1"));
    }

    [Test]
    public void Two_networks_of_one_pool_under_one_word_mean_neither_also_on_a_host_that_has_only_one_of_them()
    {
        Network("n0", "storage", "xenbr0");
        Network("n1", "storage", "xenbr1");
        Pif(H1, "n0");
        Pif(H1, "n1");
        Pif(H2, "n1");

        Assert.That(Keys(H1), Is.EqualTo("xenbr0=n0, xenbr1=n1"));
        Assert.That(Keys(H2), Is.EqualTo("xenbr1=n1"));
    }

    [Test]
    public void A_network_without_an_attached_interface_of_the_host_is_not_carried()
    {
        Network("n0", "storage", "xenbr0");
        Network("n1", "internal", "xapi0");
        Pif(H1, "n0", attached: false);
        Pif(H2, "n0");

        Assert.That(Keys(H1), Is.Empty);
        Assert.That(Keys(H2), Is.EqualTo("storage=n0, xenbr0=n0"));
    }

    [Test]
    public void A_renamed_network_shows_every_host_again()
    {
        _pool = _pool.On(new XenEvent("host", XenOperation.Add, "h1", new Cells.Compute.XenApi.Host(
            Guid.NewGuid(), "one", "one", "10.0.0.2", true, 0, 2, 21, Map(), Map(), new("m1"), Map())));
        Network("n0", "storage", "xenbr0");
        Pif(H1, "n0");
        var renamed = new XenEvent("network", XenOperation.Mod, "n0", new Network(Guid.NewGuid(), "backup", "xenbr0", [], Map()));

        var shown = (HostShown)ShowChanges.Between(_pool, _pool.On(renamed), [renamed]).Single();

        Assert.That(shown.Host.Networks.Keys, Is.EqualTo(new[] { "backup", "xenbr0" }));
    }

    private string Keys(XenRef<Cells.Compute.XenApi.Host> host) => string.Join(", ", NetworkKeys.Of(_pool, host).Select(key => $"{key.Key}={key.Value.Value}"));

    private void Network(string reference, string name, string bridge, string? mark = null) => _pool = _pool.On(new XenEvent(
        "network", XenOperation.Add, reference, new Network(Guid.NewGuid(), name, bridge, [], mark is null ? Map() : Map((NetworkKeys.Mark, mark)))));

    private void Pif(XenRef<Cells.Compute.XenApi.Host> host, string network, bool management = false, bool attached = true) => _pool = _pool.On(new XenEvent(
        "pif", XenOperation.Add, $"{host.Value}-{network}", new Pif(Guid.NewGuid(), "eth0", new(network), host, management, attached, "")));

    private static SortedDictionary<string, string> Map(params (string Key, string Value)[] pairs) => new(pairs.ToDictionary(p => p.Key, p => p.Value));
}
