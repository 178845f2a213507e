using System.Security.Cryptography;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimStorageTests
{
    private const long Mib = 1L << 20;
    private readonly SimDriver _sim = new();

    [TestCase(1L, 2 * Mib)]
    [TestCase(2 * Mib, 2 * Mib)]
    [TestCase((2 * Mib) + 1, 4 * Mib)]
    public void Sizes_are_rounded_up_to_two_MiB(long asked, long given)
    {
        Assert.That(_sim.Ask("VDI.get_virtual_size", _sim.Disk(asked)).GetInt64(), Is.EqualTo(given));
    }

    [Test]
    public void A_disk_cannot_be_larger_than_a_VHD_and_never_shrinks()
    {
        Assert.That(Assert.Throws<XenApiError>(() => _sim.Disk((2040L << 30) + 1))!.Code, Is.EqualTo("SR_BACKEND_FAILURE_79"));
        var disk = _sim.Disk(64 * Mib);
        Assert.That(_sim.Refused("VDI.resize", disk, 32 * Mib).Parameters[1], Does.Contain("shrinking not allowed"));
        _sim.Ask("VDI.resize", disk, 128 * Mib);
        Assert.That(_sim.Ask("VDI.get_virtual_size", disk).GetInt64(), Is.EqualTo(128 * Mib));
    }

    [Test]
    public void Cloning_hides_the_data_in_a_base_copy_with_two_children()
    {
        var image = Imported(10 * (int)Mib);
        var before = _sim.Ask("VDI.get_physical_utilisation", image).GetInt64();

        var clone = _sim.Ref("VDI.clone", image);

        var parent = _sim.Ask("VDI.get_sm_config", clone).GetProperty("vhd-parent").GetString()!;
        var hidden = _sim.Ask("VDI.get_record", _sim.Ref("VDI.get_by_uuid", parent));
        Assert.Multiple(() =>
        {
            Assert.That(_sim.Ask("VDI.get_sm_config", image).GetProperty("vhd-parent").GetString(), Is.EqualTo(parent));
            Assert.That(hidden.GetProperty("name_label").GetString(), Is.EqualTo("base copy"));
            Assert.That(hidden.GetProperty("managed").GetBoolean(), Is.False);
            Assert.That(hidden.GetProperty("physical_utilisation").GetInt64(), Is.EqualTo(before));
            Assert.That(_sim.Ask("VDI.get_physical_utilisation", clone).GetInt64(), Is.LessThan(Mib));
            Assert.That(_sim.Refused("VDI.destroy", _sim.Ref("VDI.get_by_uuid", parent)).Code, Is.EqualTo("VDI_NOT_MANAGED"));
        });
    }

    [Test]
    public void A_hundred_clones_of_one_image_share_one_base_copy()
    {
        var image = Imported(4 * (int)Mib);

        for (var i = 0; i < 100; i++) _sim.Ref("VDI.clone", image);

        Assert.That(_sim.Core.Account()[0].Disks.Count(d => !d.Managed), Is.EqualTo(1));
    }

    [Test]
    public void The_collector_removes_unused_base_copies_after_its_quiet_pause()
    {
        var image = Imported(4 * (int)Mib);
        var clone = _sim.Ref("VDI.clone", image);
        _sim.Ask("VDI.destroy", clone);
        _sim.Ask("VDI.destroy", image);

        _sim.Pass(TimeSpan.FromMinutes(4));
        Assert.That(_sim.Ask("VDI.get_all").GetArrayLength(), Is.EqualTo(1));
        _sim.Pass(TimeSpan.FromMinutes(1));

        Assert.That(_sim.Ask("VDI.get_all").GetArrayLength(), Is.Zero);
        Assert.That(_sim.Ask("SR.get_physical_utilisation", _sim.LocalSr()).GetInt64(), Is.Zero);
    }

    [Test]
    public void A_snapshot_names_what_it_was_taken_of_and_other_config_is_copied()
    {
        var disk = _sim.Disk();
        _sim.Ask("VDI.add_to_other_config", disk, "mark", "1");

        var snapshot = _sim.Ask("VDI.get_record", _sim.Ref("VDI.snapshot", disk));

        Assert.That(snapshot.GetProperty("is_a_snapshot").GetBoolean(), Is.True);
        Assert.That(snapshot.GetProperty("snapshot_of").GetString(), Is.EqualTo(disk));
        Assert.That(snapshot.GetProperty("other_config").GetProperty("mark").GetString(), Is.EqualTo("1"));
        Assert.That(_sim.Ask("VDI.get_snapshots", disk).GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public void An_attached_disk_is_in_use_but_may_be_cloned()
    {
        var (_, vdi) = _sim.Boot();

        Assert.That(_sim.Refused("VDI.destroy", vdi).Message, Is.EqualTo($"VDI_IN_USE [{vdi}, destroy]"));
        Assert.That(_sim.Refused("VDI.resize", vdi, 1L << 31).Message, Is.EqualTo($"VDI_IN_USE [{vdi}, resize]"));
        Assert.That(_sim.Ref("VDI.clone", vdi), Does.StartWith("OpaqueRef:"));
    }

    [Test]
    public void A_disk_that_one_vm_writes_cannot_be_attached_to_another()
    {
        var (_, vdi) = _sim.Boot();
        var other = _sim.Vm("other");
        _sim.Vbd(other, vdi);

        Assert.That(_sim.Refused("VM.start", other, false, false).Code, Is.EqualTo("VDI_IN_USE"));
    }

    [Test]
    public void A_full_repository_refuses_with_the_backends_error()
    {
        _sim.Inject(new SimFault.FillStorage(null));

        Assert.That(Assert.Throws<XenApiError>(() => _sim.Disk())!.Message, Is.EqualTo("SR_BACKEND_FAILURE_44 [, There is insufficient space, ]"));
        _sim.Inject(new SimFault.ClearAll());
        Assert.That(_sim.Disk(), Does.StartWith("OpaqueRef:"));
    }

    [Test]
    public void An_import_keeps_digest_and_length_and_ends_its_task_with_the_disk()
    {
        var disk = _sim.Disk(16 * Mib);
        var task = _sim.Ref("task.create", "import", "");
        var bytes = Bytes(3 * (int)Mib);

        var answer = _sim.Put($"/import_raw_vdi?session_id={_sim.Session}&task_id={task}&vdi={disk}&format=raw", bytes);

        var account = _sim.Core.Account()[0].Disks.Single();
        Assert.That((answer.Status, answer.TaskId), Is.EqualTo((200, task)));
        Assert.That(_sim.Ask("task.get_result", task).GetString(), Is.EqualTo($"<value>{disk}</value>"));
        Assert.That((account.ContentSha256, account.ContentLength), Is.EqualTo((Convert.ToHexStringLower(SHA256.HashData(bytes)), 3L * Mib)));
        Assert.That(account.PhysicalBytes, Is.GreaterThan(4 * Mib), "two whole blocks");
    }

    [Test]
    public void An_import_longer_than_the_disk_fails_in_its_task()
    {
        var disk = _sim.Disk(2 * Mib);
        var task = _sim.Ref("task.create", "import", "");

        var answer = _sim.Put($"/import_raw_vdi?session_id={_sim.Session}&task_id={task}&vdi={disk}", Bytes((2 * (int)Mib) + 1));

        Assert.That(answer.Status, Is.EqualTo(200), "the head is answered before the body is read");
        Assert.That(_sim.Ask("task.get_status", task).GetString(), Is.EqualTo("failure"));
        Assert.That(_sim.Core.Account()[0].Disks.Single().ContentLength, Is.Zero);
    }

    [Test]
    public void An_import_without_a_session_is_401_with_a_foreign_format_404_and_without_a_disk_400()
    {
        var disk = _sim.Disk();

        Assert.That(_sim.Put($"/import_raw_vdi?session_id=OpaqueRef:no&vdi={disk}", []).Status, Is.EqualTo(401));
        Assert.That(_sim.Put($"/import_raw_vdi?session_id={_sim.Session}&vdi={disk}&format=cake", []).Status, Is.EqualTo(404));
        Assert.That(_sim.Put($"/import_raw_vdi?session_id={_sim.Session}", []).Status, Is.EqualTo(400));
    }

    [Test]
    public void Devices_are_unique_and_detached_before_they_are_destroyed()
    {
        var (vm, vdi) = _sim.Boot();
        var vbd = _sim.Ask("VM.get_VBDs", vm)[0].GetString()!;

        Assert.That(Assert.Throws<XenApiError>(() => _sim.Vbd(vm, _sim.Disk()))!.Message, Is.EqualTo("DEVICE_ALREADY_EXISTS [0]"));
        Assert.That(_sim.Refused("VBD.destroy", vbd).Parameters[0], Does.Match("^VBD '.*' still attached to '.*'$"));
        var second = _sim.Vbd(vm, _sim.Disk(), "autodetect");
        Assert.That(_sim.Ask("VBD.get_userdevice", second).GetString(), Is.EqualTo("1"));
        _sim.Ask("VBD.plug", second);
        Assert.That(_sim.Ask("VBD.get_device", second).GetString(), Is.EqualTo("xvdb"));
        Assert.That(_sim.Refused("VBD.plug", second).Code, Is.EqualTo("DEVICE_ALREADY_ATTACHED"));
        _sim.Ask("VBD.unplug", second);
        _sim.Ask("VBD.destroy", second);
        Assert.That(_sim.Ask("VDI.get_VBDs", vdi).GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public void Provisioning_a_clone_of_a_template_makes_the_disks_it_describes()
    {
        var template = _sim.Ask("VM.get_by_name_label", "Other install media")[0].GetString()!;
        var vm = _sim.Ref("VM.clone", template, "from template");
        _sim.Ask("VM.add_to_other_config", vm, "disks", "<provision><disk device=\"0\" size=\"8388608\" sr=\"\" bootable=\"true\" type=\"system\"/></provision>");

        _sim.Ask("VM.provision", vm);

        Assert.That(_sim.Ask("VM.get_is_a_template", vm).GetBoolean(), Is.False);
        Assert.That(_sim.Core.Account()[0].Disks.Single().VirtualSizeBytes, Is.EqualTo(8 * Mib));
        Assert.That(_sim.Refused("VM.provision", vm).Code, Is.EqualTo("PROVISION_ONLY_ALLOWED_ON_TEMPLATE"));
    }

    private string Imported(int length)
    {
        var disk = _sim.Disk(64 * Mib, "image");
        var task = _sim.Ref("task.create", "import", "");
        _sim.Put($"/import_raw_vdi?session_id={_sim.Session}&task_id={task}&vdi={disk}", Bytes(length));
        return disk;
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(3).NextBytes(bytes);
        return bytes;
    }
}
