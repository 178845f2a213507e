using Cells.Api.Networks;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Networks;

public sealed class AddressPoolTests
{
    [TestCase("10.0.0.0/24", "10.0.0.1", "10.0.0.254")]
    [TestCase("192.168.7.4/30", "192.168.7.5", "192.168.7.6")]
    [TestCase("10.0.0.0/8", "10.0.0.1", "10.255.255.254")]
    public void A_cidr_has_all_but_its_first_and_last_address(string text, string first, string last)
    {
        var cidr = Cidr.Parse(text, out _)!.Value;

        Assert.That((cidr.Usable.From.ToString(), cidr.Usable.To.ToString(), cidr.ToString()), Is.EqualTo((first, last, text)));
    }

    [TestCase("10.0.0.1/24", "'10.0.0.0/24' is recommended")]
    [TestCase("10.0.0.0/31", "prefix of 8 to 30")]
    [TestCase("10.0.0/24", "looks like")]
    [TestCase("fd00::/64", "looks like")]
    [TestCase("10.0.0.0", "looks like")]
    [TestCase("010.0.0.0/24", "looks like")]
    public void What_is_no_cidr_is_told_why(string text, string why)
    {
        Assert.That(Cidr.Parse(text, out var problem), Is.Null);
        Assert.That(problem, Does.Contain(why));
    }

    [Test]
    public void The_default_pool_leaves_the_gateway_out([Values("10.0.0.1", "10.0.0.3", "10.0.0.6")] string gateway)
    {
        var cidr = Cidr.Parse("10.0.0.0/29", out _)!.Value;
        var own = Ipv4.Parse(gateway)!.Value;

        var pool = new AddressPool(NeutronSubnets.DefaultPools(cidr, own));

        Assert.That(pool.Count, Is.EqualTo(5));
        Assert.That(pool.Ranges.Any(range => range.Contains(own)), Is.False);
    }

    [Test]
    public void A_window_has_as_many_addresses_as_asked_each_of_the_pool_and_none_twice([Values(1, 2, 3, 4, 5)] int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var pool = new AddressPool(SomeRanges(random));
            var (start, length) = (random.NextInt64(pool.Count), 1 + random.NextInt64(pool.Count));

            var window = pool.Window(start, length);

            var addresses = AddressPool.Free(window, new HashSet<Ipv4>()).ToList();
            Assert.That(addresses, Has.Count.EqualTo(length), $"seed {seed}, round {round}");
            Assert.That(addresses, Is.Unique, $"seed {seed}, round {round}");
            Assert.That(addresses.All(address => pool.Ranges.Any(range => range.Contains(address))), Is.True, $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Windows_one_after_the_other_cover_the_whole_pool_once([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var pool = new AddressPool(SomeRanges(random));
        var start = random.NextInt64(pool.Count);
        var all = new List<Ipv4>();

        for (var seen = 0L; seen < pool.Count;)
        {
            var length = Math.Min(1 + random.NextInt64(40), pool.Count - seen);
            all.AddRange(AddressPool.Free(pool.Window((start + seen) % pool.Count, length), new HashSet<Ipv4>()));
            seen += length;
        }

        Assert.That(all, Is.Unique, $"seed {seed}");
        Assert.That(all, Has.Count.EqualTo(pool.Count), $"seed {seed}");
    }

    [Test]
    public void Free_are_those_that_nobody_has()
    {
        var pool = new AddressPool([Range("10.0.0.1", "10.0.0.4")]);

        var free = AddressPool.Free(pool.Window(2, 4), new HashSet<Ipv4> { Ipv4.Parse("10.0.0.1")!.Value, Ipv4.Parse("10.0.0.3")!.Value });

        Assert.That(free.Select(address => address.ToString()), Is.EqualTo(new[] { "10.0.0.4", "10.0.0.2" }));
    }

    [TestCase("fa:16:3e:00:00:01", ExpectedResult = "fa:16:3e:00:00:01")]
    [TestCase("FA:16:3E:00:00:01", ExpectedResult = "fa:16:3e:00:00:01")]
    [TestCase("01:00:5e:00:00:01", ExpectedResult = null)]
    [TestCase("fa:16:3e:00:00", ExpectedResult = null)]
    [TestCase("00:00:00:00:00:00", ExpectedResult = null)]
    [TestCase("fa-16-3e-00-00-01", ExpectedResult = null)]
    public string? A_mac_is_six_octets_and_no_group(string text) => MacAddress.Parse(text);

    [Test]
    public void A_new_mac_is_one_and_locally_administered()
    {
        var mac = MacAddress.New(new Cells.Contracts.SeededIds(new Random(7)));

        Assert.That(MacAddress.Parse(mac), Is.EqualTo(mac));
        Assert.That(Convert.ToInt32(mac[..2], 16) & 2, Is.EqualTo(2));
    }

    private static AddressRange[] SomeRanges(Random random)
    {
        var ranges = new List<AddressRange>();
        for (var at = 0x0a000001u; ranges.Count < 1 + random.Next(4);)
        {
            var range = new AddressRange(new Ipv4(at), new Ipv4(at + (uint)random.Next(60)));
            ranges.Add(range);
            at = range.To.Value + 2 + (uint)random.Next(20);
        }
        return [.. ranges];
    }

    private static AddressRange Range(string from, string to) => new(Ipv4.Parse(from)!.Value, Ipv4.Parse(to)!.Value);
}
