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
        Assert.That(GroupPin.Choose(Group(null, held: false), [Host(East, 100), Host(West, 900), Host(East, 500)], null, null, []), Is.EqualTo(West));

    [Test]
    public void A_group_that_is_somewhere_stays_there() =>
        Assert.That(GroupPin.Choose(Group(East, held: true), [Host(East, 100), Host(West, 900)], null, null, []), Is.EqualTo(East));

    [Test]
    public void A_pin_that_nobody_holds_may_move() =>
        Assert.That(GroupPin.Choose(Group(East, held: false), [Host(East, 100), Host(West, 900)], null, null, []), Is.EqualTo(West));

    [Test]
    public void Only_hosts_that_the_request_may_have_count()
    {
        FleetHost[] hosts = [Host(East, 100), Host(West, 900), Host(West, 950, "down")];

        Assert.That(GroupPin.Choose(Group(null, held: false), hosts, null, East, []), Is.EqualTo(East));
        Assert.That(GroupPin.Choose(Group(null, held: false), hosts, null, null, [West]), Is.EqualTo(East));
        Assert.That(GroupPin.Choose(Group(null, held: false), hosts, "zone-x", null, []), Is.Null);
        Assert.That(GroupPin.Choose(Group(null, held: false), [], null, null, []), Is.Null);
    }

    private static ServerGroup Group(CellName? cell, bool held) =>
        new(Guid.Empty, new ProjectId(Guid.Empty), new UserId(Guid.Empty), "g", GroupPolicy.Affinity, 1, cell, [], 0, held);

    private static FleetHost Host(CellName cell, long free, string status = "up") => new(
        new HostRow(new HostId(Guid.NewGuid()), cell, new PoolId(Guid.Empty), "h", "192.0.2.1", 1, status, 8, 1_000, 0, 1_000 - free, 0, 0, 0, 0, DateTimeOffset.UnixEpoch)
        {
            Zone = "nova",
        }, cell, 1, null, 0);
}
