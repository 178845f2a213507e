using System.Runtime.CompilerServices;
using Cells.Compute.XenApi;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;
using NUnit.Framework;
using XenHost = Cells.Compute.XenApi.Host;

namespace Cells.IntegrationTests.XenSim;

/// <summary>The product's own client against the simulator over real sockets: two readings of one protocol must agree.</summary>
public sealed class ClientAgainstSimulatorTests
{
    private readonly HttpXapiWireFactory _wires = new(XapiTrust.MachineOnly, TimeProvider.System);
    private XenSimFleet _fleet = null!;
    private IXapiWire _wire = null!;

    [SetUp]
    public async Task StartFleet()
    {
        _fleet = await XenSimFleet.StartAsync(XenSimFleetOptions.Standalone(1, "secret"), TimeProvider.System, CancellationToken.None);
        _wire = _wires.Open(HostAddress.Parse(_fleet.Hosts[0].Url.ToString().TrimEnd('/')));
    }

    [TearDown]
    public async Task StopFleet()
    {
        await _fleet.DisposeAsync();
        _wires.Dispose();
    }

    [Test]
    public async Task From_login_to_logout_a_server_is_built_seen_and_destroyed()
    {
        Assert.That(await XenApiClient.IsAliveAsync(_wire, CancellationToken.None), Is.True);
        var session = await XenApiClient.LoginAsync(_wire, new XenCredentials("root", "secret"), "cells", CancellationToken.None);
        Task<T> Call<T>(XenRequest<T> request) => session.CallAsync(request, CancellationToken.None);

        // What an inventory reads.
        var pool = (await Call(Pool.GetAllRecords())).Single();
        var host = (await Call(XenHost.GetAllRecords())).Single();
        var sr = (await Call(Sr.GetAllRecords())).Single();
        await Call(HostMetrics.GetAllRecords());
        await Call(Pbd.GetAllRecords());
        await Call(Network.GetAllRecords());
        var pif = (await Call(Pif.GetAllRecords())).Single();
        var free = await Call(XenHost.ComputeFreeMemory(host.Key));
        Assert.That(host.Value.Uuid.ToString("D"), Is.EqualTo(_fleet.Hosts[0].Uuid));

        // An image, a disk of it, a VM on it.
        var stamp = new Dictionary<string, string> { ["cells-instance"] = "x" };
        var image = await Call(Vdi.Create(new NewVdi("image", "", sr.Key, 8 << 20, stamp)));
        var import = await Call(XenTask.Create("import", ""));
        var token = (await Call(XenEvents.From(["task", "vm"], "", TimeSpan.FromSeconds(5)))).Token;
        await session.ImportRawVdiAsync(image, import, new Zeros(5 << 20), TimeSpan.FromSeconds(30), CancellationToken.None);
        await Call(XenEvents.From(["task"], token, TimeSpan.FromSeconds(30)));
        Assert.That(XapiSession.ResultOf(Vdi.CloneFrom(image), await Call(XenTask.GetRecord(import))), Is.EqualTo(image));
        var disk = await Call(Vdi.CloneFrom(image));
        var vm = await Call(Vm.Create(new NewVm("server", "", 2, 1L << 30, stamp)));
        await Call(Vbd.Create(new NewVbd(vm, disk, "0", Bootable: true, stamp)));
        await Call(Vif.Create(new NewVif(vm, pif.Value.Network, "0", "", stamp)));
        var start = await session.StartTaskAsync(Vm.StartOn(vm, host.Key, startPaused: true, force: false), CancellationToken.None);
        Assert.That((await Call(XenTask.GetRecord(start))).Status, Is.EqualTo(XenTaskStatus.Success));
        await Call(Vm.Unpause(vm));
        await Call(XenTask.Destroy(start));

        // What the host shows.
        var seen = (await Call(XenEvents.From(["vm"], token, TimeSpan.FromSeconds(5)))).Events.Select(e => e.Record).OfType<Vm>().Single();
        var record = await Call(Vm.GetRecord(vm));
        Assert.That((seen.PowerState, seen.ResidentOn, seen.Uuid), Is.EqualTo((VmPowerState.Running, host.Key, record.Uuid)));
        Assert.That(await Call(XenHost.ComputeFreeMemory(host.Key)), Is.EqualTo(free - (1L << 30) - await Call(Vm.ComputeMemoryOverhead(vm))));
        Assert.That(record.MemoryOverhead, Is.EqualTo(await Call(Vm.ComputeMemoryOverhead(vm))));
        Assert.That(_fleet.Account()[0].Domains.Single().OtherConfig["cells-instance"], Is.EqualTo("x"));

        // And away again.
        await Call(Vm.HardShutdown(vm));
        await Call(Vm.Destroy(vm));
        await Call(Vdi.Destroy(disk));
        Assert.That(_fleet.Account()[0].Vms, Is.Empty);
        Assert.That(pool.Value.Uuid, Is.Not.EqualTo(Guid.Empty));
        await XenApiClient.LogoutAsync(session, CancellationToken.None);
        Assert.That(Assert.ThrowsAsync<XenApiFailure>(() => Call(Pool.GetAllRecords()))!.Code, Is.EqualTo("SESSION_INVALID"));
    }

    [Test]
    public async Task A_lost_answer_is_an_unknown_outcome_and_a_refusal_keeps_its_parameters()
    {
        var session = await XenApiClient.LoginAsync(_wire, new XenCredentials("root", "secret"), "cells", CancellationToken.None);
        var vm = await session.CallAsync(Vm.Create(new NewVm("server", "", 1, 1L << 30, new Dictionary<string, string>())), CancellationToken.None);
        _fleet.Inject(new SimFault.OnCall("VM.destroy", FaultKind.LoseAnswer));

        var refused = Assert.ThrowsAsync<XenApiFailure>(() => session.CallAsync(Vm.Unpause(vm), CancellationToken.None))!;
        Assert.ThrowsAsync<XenApiUnknownOutcome>(() => session.CallAsync(Vm.Destroy(vm), CancellationToken.None));

        Assert.That((refused.Code, refused.Parameters[1], refused.Parameters[2]), Is.EqualTo(("VM_BAD_POWER_STATE", "paused", "halted")));
        Assert.That(_fleet.Account()[0].Vms, Is.Empty);
    }

    [Test]
    public async Task A_pool_is_entered_through_any_member_and_its_members_take_images_for_their_own_repositories()
    {
        await using var pool = await XenSimFleet.StartAsync(
            new XenSimFleetOptions
            {
                Pools = [new PoolShape
                {
                    Name = "pool", RootPassword = "secret", SharedStorageBytes = 1L << 40,
                    Hosts = [.. Enumerable.Range(0, 3).Select(i => new HostShape { Name = $"host-{i + 1}", Address = XenSimFleetOptions.AddressOf(7, i) })],
                }],
            },
            TimeProvider.System, CancellationToken.None);
        HostAddress At(int host) => HostAddress.Parse(pool.Hosts[host].Url.ToString().TrimEnd('/'));

        var slave = Assert.ThrowsAsync<XenApiFailure>(() => XenApiClient.LoginAsync(_wires.Open(At(2)), new XenCredentials("root", "secret"), "cells", CancellationToken.None))!;
        var session = await XenApiClient.LoginAsync(_wires.Open(At(2).At(slave.Parameters[0])), new XenCredentials("root", "secret"), "cells", CancellationToken.None);
        var member = (await session.CallAsync(XenHost.GetAllRecords(), CancellationToken.None)).Single(h => h.Value.NameLabel == "host-2").Key;
        var pbds = await session.CallAsync(Pbd.GetAllRecords(), CancellationToken.None);
        var local = (await session.CallAsync(Sr.GetAllRecords(), CancellationToken.None)).Single(s => !s.Value.Shared && pbds.Any(p => p.Value.Sr == s.Key && p.Value.Host == member)).Key;
        var disk = await session.CallAsync(Vdi.Create(new NewVdi("image", "", local, 8 << 20, new Dictionary<string, string>())), CancellationToken.None);
        var import = await session.CallAsync(XenTask.Create("import", ""), CancellationToken.None);
        await session.ImportRawVdiAsync(disk, import, new Zeros(5 << 20), TimeSpan.FromSeconds(30), CancellationToken.None);
        await session.CallAsync(XenEvents.From([$"task/{import.Value}"], "", TimeSpan.FromSeconds(30)), CancellationToken.None);

        Assert.That(session.Address, Is.EqualTo(At(0)));
        Assert.That((await session.CallAsync(XenTask.GetRecord(import), CancellationToken.None)).Status, Is.EqualTo(XenTaskStatus.Success));
        Assert.That(pool.Account()[1].Disks.Single(d => d.Name == "image").ContentLength, Is.EqualTo(5 << 20));
        Assert.That(await XenApiClient.IsAliveAsync(_wires.Open(At(1)), CancellationToken.None), Is.True);
    }

    [Test]
    public async Task What_was_imported_is_exported_byte_by_byte_also_from_a_snapshot_of_a_clone_with_zeros_to_the_disk_s_end()
    {
        var session = await XenApiClient.LoginAsync(_wire, new XenCredentials("root", "secret"), "cells", CancellationToken.None);
        Task<T> Call<T>(XenRequest<T> request) => session.CallAsync(request, CancellationToken.None);
        var sr = (await Call(Sr.GetAllRecords())).Single().Key;
        var bytes = new byte[5_000_003];
        new Random(3).NextBytes(bytes);
        var image = await Call(Vdi.Create(new NewVdi("image", "", sr, 8 << 20, new Dictionary<string, string>())));
        await session.ImportRawVdiAsync(image, await Call(XenTask.Create("import", "")), new Bytes(bytes), TimeSpan.FromSeconds(30), CancellationToken.None);
        await Call(Vdi.Resize(image, 8 << 20));                   // waits for the import's end
        var disk = await Call(Vdi.CloneFrom(image));
        var vm = await Call(Vm.Create(new NewVm("server", "", 1, 1L << 30, new Dictionary<string, string>())));
        await Call(Vbd.Create(new NewVbd(vm, disk, "0", Bootable: true, new Dictionary<string, string>())));
        await Call(Vm.StartOn(vm, (await Call(XenHost.GetAllRecords())).Single().Key, startPaused: false, force: false));
        var snapshot = await Call(Vdi.Snapshot(disk));
        var (own, export, refused) = (await Call(XenTask.Create("own", "")), await Call(XenTask.Create("export", "")), await Call(XenTask.Create("refused", "")));

        var read = await ReadAsync(session.ExportRawVdiAsync(snapshot, export, TimeSpan.FromSeconds(30), CancellationToken.None));
        Assert.ThrowsAsync<XenApiFailure>(() => ReadAsync(session.ExportRawVdiAsync(disk, refused, TimeSpan.FromSeconds(30), CancellationToken.None)));

        Assert.That(read, Has.Length.EqualTo(8 << 20));
        Assert.That(read.AsSpan(0, bytes.Length).SequenceEqual(bytes), Is.True, "the bytes that were imported");
        Assert.That(read.AsSpan(bytes.Length).ContainsAnyExcept((byte)0), Is.False, "and zeros behind them");
        Assert.That((await Call(XenTask.GetRecord(export))).Status, Is.EqualTo(XenTaskStatus.Success));
        Assert.That((await Call(XenTask.GetRecord(refused))).ErrorInfo, Is.EqualTo(new[] { "VDI_IN_USE", disk.Value, "attach" }), "a guest writes it");
        Assert.That((await Call(Vdi.GetRecord(snapshot))).Vbds, Is.Empty, "it was attached to the control domain while it was read");
        await Call(Vdi.Destroy(snapshot));
        Assert.That((await Call(XenTask.GetRecord(own))).Status, Is.EqualTo(XenTaskStatus.Pending));
    }

    [Test]
    public async Task A_host_that_dies_over_an_export_has_not_given_all_of_it()
    {
        var session = await XenApiClient.LoginAsync(_wire, new XenCredentials("root", "secret"), "cells", CancellationToken.None);
        var sr = (await session.CallAsync(Sr.GetAllRecords(), CancellationToken.None)).Single().Key;
        var disk = await session.CallAsync(Vdi.Create(new NewVdi("disk", "", sr, 8 << 20, new Dictionary<string, string>())), CancellationToken.None);
        var task = await session.CallAsync(XenTask.Create("export", ""), CancellationToken.None);
        _fleet.Inject(new SimFault.OnCall("GET /export_raw_vdi", FaultKind.LoseAnswer));

        Assert.ThrowsAsync<XenApiUnreachable>(() => ReadAsync(session.ExportRawVdiAsync(disk, task, TimeSpan.FromSeconds(30), CancellationToken.None)));

        Assert.That((await session.CallAsync(XenTask.GetRecord(task), CancellationToken.None)).Status, Is.EqualTo(XenTaskStatus.Failure));
    }

    private static async Task<byte[]> ReadAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        using var whole = new MemoryStream();
        await foreach (var piece in pieces)
            whole.Write(piece.Span);
        return whole.ToArray();
    }

    private sealed class Bytes(byte[] bytes) : IByteSource
    {
        public long Length => bytes.Length;

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken stop)
        {
            await Task.Yield();
            yield return bytes;
        }
    }

    private sealed class Zeros(int length) : IByteSource
    {
        public long Length => length;

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken stop)
        {
            yield return new byte[length / 2];
            await Task.Yield();
            yield return new byte[length - (length / 2)];
        }
    }
}
