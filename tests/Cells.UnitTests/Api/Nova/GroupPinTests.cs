using Cells.Api.Fleet;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Nova;

public sealed class GroupPinTests
{
    private static readonly CellName East = CellName.Parse("east-1"), West = CellName.Parse("west-1");

    [Test]
    public void A_group_goes_to_the_cell_of_the_emptiest_host() =>
        Assert.That(Choose([Host(East, 100), Host(West, 900), Host(East, 500)]), Is.EqualTo(West));

    [Test]
    public void Hosts_that_the_request_may_have_come_first()
    {
        FleetHost[] hosts = [Host(East, 100), Host(West, 900), Host(West, 950, "down")];

        Assert.That(Choose(hosts, only: East), Is.EqualTo(East));
        Assert.That(Choose(hosts, not: [West]), Is.EqualTo(East));
        Assert.That(Choose([Host(East, 100), Host(West, 950, "down")]), Is.EqualTo(East));
    }

    [Test]
    public void A_cell_next_to_the_home_stands_for_all_that_is_reached_through_it()
    {
        FleetHost[] hosts = [Host(East, 100, link: "east"), Host(West, 900, link: "west")];

        Assert.That(Choose(hosts, only: CellName.Parse("east")), Is.EqualTo(East));
    }

    // It is the cell that says why it has no room.
    [Test]
    public void Without_such_a_host_the_group_goes_where_the_request_may_be_sent()
    {
        FleetHost[] hosts = [Host(East, 100, "down"), Host(West, 900, "down")];

        Assert.That(Choose(hosts, zone: "zone-x"), Is.EqualTo(West));
        Assert.That(Choose(hosts, zone: "zone-x", only: East), Is.EqualTo(East));
        Assert.That(Choose(hosts, only: CellName.Parse("nowhere")), Is.EqualTo(West), "the words of the request are judged below");
        Assert.That(Choose([]), Is.Null);
    }

    private static CellName? Choose(FleetHost[] hosts, string? zone = null, CellName? only = null, CellName[]? not = null) => GroupPin.Choose(hosts, zone, only, not ?? []);

    private static FleetHost Host(CellName cell, long free, string status = "up", string? link = null) => new(
        new HostRow(new HostId(Guid.NewGuid()), cell, new PoolId(Guid.Empty), "h", "192.0.2.1", 1, status, 8, 1_000, 0, 1_000 - free, 0, 0, 0, 0, DateTimeOffset.UnixEpoch)
        {
            Zone = "nova",
        }, link is null ? cell : CellName.Parse(link), 1, null, 0);
}
