using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimSessionTests
{
    private readonly SimDriver _sim = new();

    [Test]
    public void A_wrong_password_costs_five_seconds()
    {
        var login = _sim.Send("session.login_with_password", "root", "guess");

        _sim.Pass(TimeSpan.FromSeconds(4.9));
        Assert.That(_sim.Answer(login), Is.Null);
        _sim.Pass(TimeSpan.FromSeconds(0.1));

        Assert.That(Assert.Throws<XenApiError>(() => SimDriver.Result(_sim.Answer(login)!))!.Parameters[0], Is.EqualTo("root"));
    }

    [Test]
    public void A_login_takes_two_to_four_parameters()
    {
        foreach (var parameters in new object[][] { ["root", "secret"], ["root", "secret", "1.0"], ["root", "secret", "1.0", "me"] })
            Assert.That(_sim.Call("session.login_with_password", parameters).GetString(), Does.StartWith("OpaqueRef:"));
    }

    [Test]
    public void A_session_names_its_host_and_is_gone_after_logout()
    {
        Assert.That(_sim.Ask("session.get_this_host", _sim.Session).GetString(), Is.EqualTo(_sim.Host()));
        Assert.That(_sim.Ask("session.get_is_local_superuser", _sim.Session).GetBoolean(), Is.True);

        _sim.Ask("session.logout");

        Assert.That(_sim.Refused("pool.get_all").Message, Is.EqualTo($"SESSION_INVALID [{_sim.Session}]"));
    }

    [Test]
    public void Beyond_five_hundred_of_one_originator_the_longest_inactive_goes()
    {
        _sim.Pass(TimeSpan.FromMinutes(30));
        _sim.Session = Login("keeper");
        var first = Login("crowd");
        _sim.Pass(TimeSpan.FromMinutes(11));
        for (var i = 0; i < 499; i++) Login("crowd");
        Assert.That(_sim.Core.Account()[0].Sessions, Does.Contain(first));

        var last = Login("crowd");

        var sessions = _sim.Core.Account()[0].Sessions;
        Assert.That(sessions, Does.Not.Contain(first));
        Assert.That(sessions, Does.Contain(last).And.Contain(_sim.Session));
        Assert.That(sessions, Has.Count.EqualTo(502), "500 of the crowd, the keeper, and the driver's own");
    }

    [Test]
    public void A_day_of_idleness_ends_a_session()
    {
        _sim.Pass(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1));

        Assert.That(_sim.Refused("pool.get_all").Code, Is.EqualTo("SESSION_INVALID"));
    }

    private string Login(string originator) => _sim.Call("session.login_with_password", "root", "secret", "1.0", originator).GetString()!;
}
