using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>A server that is off while its host is ejected from the pool: what is asked of it afterwards does not wait for a host that will never come.</summary>
public sealed class EjectedHostTests
{
    // Room for one server of 4 GiB on each member.
    private static readonly HostShape Narrow = new() { Name = "", MemoryBytes = 8L << 30, LocalStorageBytes = 0 };
    private static readonly Flavor Wide = new("4", "wide", 1, 4096, 2);

    private ComputeWorld _world = null!;

    [SetUp]
    public async Task StartWorld() => _world = await ComputeWorld.StartPoolAsync(members: 3, Narrow);

    [TearDown]
    public async Task StopWorld() => await _world.DisposeAsync();

    [Test]
    public async Task It_is_deleted_through_another_member_and_leaves_nothing()
    {
        var (server, _) = await StoppedWithoutItsHostAsync(others: 0);

        await _world.DeleteAsync(server);

        Assert.That(_world.Held(server.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await _world.PromisedAsync(), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task It_starts_on_another_member_that_sees_its_disk_and_its_claim_goes_there()
    {
        var (server, former) = await StoppedWithoutItsHostAsync(others: 0);

        var ended = await ActAsync(server, InstanceAction.Start, 3);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        var row = await _world.ParentCell.RowAsync(server.Instance, r => r.VmState == VmState.Active);
        Assert.That(row.HostName, Is.Not.EqualTo(former).And.EqualTo(ended.HostName));
        Assert.That(_world.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        var held = await _world.Database.QueryAsync<Guid>($"select provider_id from claim where instance_id = '{server.Instance}' and resource = 2");
        Assert.That(held, Is.EqualTo(new[] { row.Host!.Value.Value }));
        Assert.That((await _world.InspectAsync()).Providers.Where(p => p.Id.Value == row.Host.Value.Value && p.Resource == Cells.Contracts.Resource.MemoryMib).Select(p => p.Promised), Is.EqualTo(new[] { 4096L + 36 }));
        await _world.DeleteAsync(server);
        Assert.That(await _world.PromisedAsync(), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task Where_no_other_member_has_room_the_start_fails_with_the_words_and_it_can_be_deleted()
    {
        var (server, former) = await StoppedWithoutItsHostAsync(others: 2);

        var ended = await ActAsync(server, InstanceAction.Start, 3);

        Assert.That(ended.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(ended.Reason, Does.Contain($"Host {former}").And.Contain("has left its pool").And.Contain("no other member"));
        Assert.That((await _world.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent == 3)).VmState, Is.EqualTo(VmState.Stopped));
        await _world.DeleteAsync(server);
        Assert.That(_world.Held(server.Instance), Is.EqualTo((0, 0, 0)));
    }

    /// <summary>A stopped server whose host has been ejected, in a pool whose other members have that many servers.</summary>
    private async Task<(BuildInstance Server, string Host)> StoppedWithoutItsHostAsync(int others)
    {
        var builds = Enumerable.Range(0, 3).Select(_ => _world.NewBuild(Wide)).ToList();
        var rows = await Task.WhenAll(builds.Select(_world.BuildAsync));
        var server = builds[Array.FindIndex(rows, r => r.HostName == "host-3")];
        foreach (var other in builds.Where(b => b != server).Skip(others))
            await _world.DeleteAsync(other);
        await ActAsync(server, InstanceAction.Stop, 2);

        var gone = _world.ParentCell.HostAsync("host-3", h => h.Status == "gone");
        var session = await _world.LogInAsync();
        var host = (await session.CallAsync(Cells.Compute.XenApi.Host.GetAllRecords(), CancellationToken.None)).Single(h => h.Value.NameLabel == "host-3").Key;
        await session.CallAsync(new XenRequest<XenVoid>(new XenCall("pool", "eject", 2, XenEffect.Changes, "rio"), [host], XenVoid.Read), CancellationToken.None);
        await gone;
        return (server, "host-3");
    }

    private async Task<InstanceActed> ActAsync(BuildInstance server, InstanceAction action, long intent)
    {
        await _world.ParentCell.SendAsync(new ActOnInstance(server.Instance, 1, intent, server.Project, server.User, $"req-{intent}", action));
        await _world.ParentCell.AnswersAsync(server.Instance, (int)intent);
        return _world.ParentCell.AnswersTo(server.Instance).OfType<InstanceActed>().Last();
    }
}
