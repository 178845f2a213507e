using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimRecordTests
{
    private readonly SimDriver _sim = new();

    [TestCase("""field "name__label"="a" and field "is_a_template"="false" """, "a")]
    [TestCase("""not field "is_a_template" = "true" and field "is_control_domain"="false" """, "a,b")]
    [TestCase("""field "name__label"="a" or field "name__label"="b" and field "domid"="-1" """, "a,b")]
    [TestCase("""(field "name__label"="b")""", "b")]
    [TestCase("""field "power_state"="Halted" and field "resident_on"="OpaqueRef:NULL" and field "VCPUs__max"="2" """, "b")]
    [TestCase("false", "")]
    public void Records_are_filtered_by_the_expression(string expression, string expected)
    {
        _sim.Vm("a");
        _sim.Vm("b", vcpus: 2);

        var found = _sim.Ask("VM.get_all_records_where", expression).EnumerateObject().Select(r => r.Value.GetProperty("name_label").GetString());

        Assert.That(string.Join(',', found.Order(StringComparer.Ordinal)), Is.EqualTo(expected));
    }

    [TestCase("""field "name_label"="a" """, Description = "the database spells it name__label")]
    [TestCase("""field "colour"="red" """)]
    [TestCase("""field "uuid" """)]
    [TestCase("true true")]
    public void A_bad_expression_is_an_invalid_value(string expression)
    {
        var refused = _sim.Refused("VM.get_all_records_where", expression);

        Assert.That((refused.Code, refused.Parameters[0]), Is.EqualTo(("INVALID_VALUE", expression)));
    }

    [Test]
    public void A_record_holds_every_published_field()
    {
        var record = _sim.Ask("VM.get_record", _sim.Vm());

        Assert.That(record.EnumerateObject().Count(), Is.EqualTo(92));
        Assert.That(record.GetProperty("snapshot_time").GetString(), Is.EqualTo("19700101T00:00:00Z"));
        Assert.That(record.GetProperty("HVM_shadow_multiplier").GetDouble(), Is.EqualTo(1.0));
        Assert.That(record.GetProperty("user_version").GetInt64(), Is.EqualTo(1));
        Assert.That(record.GetProperty("generation_id").GetString(), Is.EqualTo("0:0"));
    }

    [Test]
    public void A_key_is_added_once_and_removed_silently()
    {
        var pool = _sim.Ask("pool.get_all")[0].GetString()!;
        _sim.Ask("pool.add_to_other_config", pool, "cells-cell", "a");

        var refused = _sim.Refused("pool.add_to_other_config", pool, "cells-cell", "b");

        Assert.That(refused.Message, Is.EqualTo($"MAP_DUPLICATE_KEY [pool, other_config, {pool}, cells-cell]"));
        Assert.That(_sim.Ask("pool.get_other_config", pool).GetProperty("cells-cell").GetString(), Is.EqualTo("a"));
        _sim.Ask("pool.remove_from_other_config", pool, "cells-cell");
        _sim.Ask("pool.remove_from_other_config", pool, "cells-cell");
        Assert.That(_sim.Ask("pool.get_other_config", pool).EnumerateObject().Any(), Is.False);
    }

    [Test]
    public void Objects_are_found_by_uuid_and_by_label()
    {
        var vm = _sim.Vm("twin");
        _sim.Vm("twin");

        Assert.That(_sim.Ref("VM.get_by_uuid", _sim.Ask("VM.get_uuid", vm).GetString()), Is.EqualTo(vm));
        Assert.That(_sim.Ask("VM.get_by_name_label", "twin").GetArrayLength(), Is.EqualTo(2));
        Assert.That(_sim.Ask("VM.get_by_name_label", "nobody").GetArrayLength(), Is.Zero);
        Assert.That(_sim.Refused("VM.get_by_uuid", "none").Message, Is.EqualTo("UUID_INVALID [VM, none]"));
    }

    [Test]
    public void A_reference_of_another_class_is_a_missing_one()
    {
        Assert.That(_sim.Refused("VM.get_record", _sim.Host()).Code, Is.EqualTo("HANDLE_INVALID"));
    }

    [Test]
    public void Removed_fields_have_no_getters_any_more()
    {
        Assert.That(_sim.Refused("host_metrics.get_memory_free", _sim.Ask("host_metrics.get_all")[0].GetString()).Code, Is.EqualTo("MESSAGE_REMOVED"));
    }

    [Test]
    public void A_standalone_host_shows_what_clients_look_for_after_login()
    {
        var pool = _sim.Ask("pool.get_all_records").EnumerateObject().Single().Value;
        var host = _sim.Ask("host.get_record", pool.GetProperty("master").GetString());
        var controlDomain = _sim.Ask("VM.get_record", host.GetProperty("control_domain").GetString());

        Assert.Multiple(() =>
        {
            Assert.That(pool.GetProperty("name_label").GetString(), Is.Empty);
            Assert.That(host.GetProperty("API_version_minor").GetInt64(), Is.GreaterThanOrEqualTo(8));
            Assert.That(host.GetProperty("cpu_info").GetProperty("cpu_count").GetString(), Is.EqualTo("16"));
            Assert.That(host.GetProperty("host_CPUs").GetArrayLength(), Is.EqualTo(16));
            Assert.That(host.GetProperty("capabilities").EnumerateArray().Any(c => c.GetString()!.Contains("hvm")), Is.True);
            Assert.That(host.GetProperty("PBDs").GetArrayLength(), Is.EqualTo(1));
            Assert.That(controlDomain.GetProperty("domid").GetInt64(), Is.Zero);
            Assert.That(_sim.Refused("VM.hard_shutdown", host.GetProperty("control_domain").GetString()).Code, Is.EqualTo("OPERATION_NOT_ALLOWED"));
        });
    }
}
