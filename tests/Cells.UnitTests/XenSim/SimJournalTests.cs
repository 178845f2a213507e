using System.Text;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimJournalTests
{
    private static readonly PoolShape Shape = PoolShape.Standalone(new HostShape { Name = "host-1" }, "secret");
    private readonly string _directory = Directory.CreateTempSubdirectory("xensim-").FullName;

    private string Path => System.IO.Path.Combine(_directory, "host-1.journal");

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void After_a_kill_the_hosts_went_on_meanwhile()
    {
        var (before, journal) = Open(new XenSimOptions());
        var (vm, vdi) = before.Boot();
        var record = before.Ask("VM.get_record", vm).GetRawText();
        var account = before.Core.Account()[0];
        journal.Commit();   // and nothing else: the process is gone

        var after = Reopen(before.Session);

        Assert.That(after.Ask("VM.get_record", vm).GetRawText(), Is.EqualTo(record), "running, with the same domain");
        Assert.That(after.Core.Account()[0].Disks.Single(), Is.EqualTo(account.Disks.Single()).Using<DiskAccount>((a, b) => a.Uuid == b.Uuid && a.ContentSha256 == b.ContentSha256));
        Assert.That(after.Ask("VDI.get_VBDs", vdi).GetArrayLength(), Is.EqualTo(1));
        var (second, _) = after.Boot("second");
        Assert.That(after.Ask("VM.get_domid", second).GetInt64(), Is.EqualTo(2));
        Assert.That(second, Is.Not.EqualTo(vm), "ids go on where they ended");
    }

    [Test]
    public void What_was_not_committed_is_not_there_and_a_torn_end_does_no_harm()
    {
        var (before, journal) = Open(new XenSimOptions());
        before.Vm("kept");
        journal.Commit();
        File.AppendAllText(Path, "[\"+\",\"VM\",\"OpaqueRef:torn\",{\"name_label\":\"to", Encoding.UTF8);

        var after = Reopen(before.Session);

        Assert.That(after.Core.Account()[0].Vms.Select(v => v.Name), Is.EqualTo(new[] { "kept" }));
    }

    [Test]
    public void Calls_under_way_are_over_and_their_tasks_cancelled()
    {
        var minute = TimeSpan.FromMinutes(1);
        var (before, journal) = Open(new XenSimOptions { Latency = LatencyProfile.Instant.With("VM.start", new Latency.Uniform(minute, minute)) });
        var vm = before.Vm();
        var task = before.Ref("Async.VM.start", vm, false, false);
        journal.Commit();

        var after = Reopen(before.Session);

        Assert.That(after.Ask("task.get_status", task).GetString(), Is.EqualTo("cancelled"));
        Assert.That(after.Ask("VM.get_current_operations", vm).EnumerateObject().Any(), Is.False);
        Assert.That(after.Ask("VM.get_scheduled_to_be_resident_on", vm).GetString(), Is.EqualTo("OpaqueRef:NULL"));
        after.Ask("VM.start", vm, false, false);
    }

    [Test]
    public void A_long_journal_is_rewritten_and_holds_the_same()
    {
        var (before, journal) = Open(new XenSimOptions());
        var vm = before.Vm();
        for (var i = 0; i < 12_000; i++)
        {
            before.Ask("VM.set_name_description", vm, $"{new string('x', 80)} {i}");
            journal.Commit();
        }

        Assert.That(new FileInfo(Path).Length, Is.LessThan(1_500_000));
        Assert.That(Reopen(before.Session).Ask("VM.get_name_description", vm).GetString(), Does.EndWith(" 11999"));
    }

    [Test]
    public void Another_host_does_not_take_over_a_journal()
    {
        var (_, journal) = Open(new XenSimOptions());
        journal.Dispose();

        var error = Assert.Throws<InvalidDataException>(() => JournalReader.Read(Path, PoolShape.Standalone(new HostShape { Name = "stranger" }, "x"), new XenSimOptions(), SimDriver.Start));

        Assert.That(error!.Message, Does.Contain("host-1").And.Contain("stranger"));
    }

    [Test]
    public void A_pool_comes_back_with_its_coordinator_and_without_what_ran_on_a_member_that_was_off()
    {
        var shape = new PoolShape
        {
            Name = "pair", RootPassword = "secret", SharedStorageBytes = 1L << 40,
            Hosts = [new() { Name = "host-1", Address = "10.0.0.1" }, new() { Name = "host-2", Address = "10.0.0.2" }],
        };
        var core = new XenSimCore(shape, new XenSimOptions(), 5, SimDriver.Start);
        var journal = new PoolJournal(Path, core.Pool, 5);
        var before = new SimDriver(core);
        var vm = before.Vm();
        before.Ask("VM.start_on", vm, before.Ask("host.get_by_name_label", "host-1")[0].GetString(), false, false);
        before.Inject(new SimFault.ChangeCoordinator("host-2"));
        before.Pass(TimeSpan.FromSeconds(5));
        journal.Commit();
        before.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromHours(1)));
        journal.Commit();

        var (pool, _) = JournalReader.Read(Path, shape, new XenSimOptions(), SimDriver.Start)!.Value;
        var after = new SimDriver(new XenSimCore(pool), "none") { At = "host-2" };
        after.Session = after.Login();

        Assert.That(pool.Coordinator.Name, Is.EqualTo("host-2"));
        Assert.That(after.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Halted"));
    }

    private (SimDriver Sim, PoolJournal Journal) Open(XenSimOptions options)
    {
        var core = new XenSimCore(Shape, options, 5, SimDriver.Start);
        var journal = new PoolJournal(Path, core.Pool, 5);
        return (new SimDriver(core), journal);
    }

    private SimDriver Reopen(string session)
    {
        var (pool, _) = JournalReader.Read(Path, Shape, new XenSimOptions(), SimDriver.Start) ?? throw new InvalidOperationException("the journal is empty");
        return new SimDriver(new XenSimCore(pool), session);
    }
}
