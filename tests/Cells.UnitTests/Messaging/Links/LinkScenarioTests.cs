using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

public sealed class LinkScenarioTests
{
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(10);

    [Test]
    public void A_message_that_fails_is_parked_with_every_later_one_of_its_key_and_others_pass()
    {
        var world = Started();
        world.Down.Fails["a"] = "the disk is gone";

        world.Send(world.Up, "a");
        world.Send(world.Up, "b");
        world.Send(world.Up, "a");
        world.Send(world.Up, "b");
        world.RunFor(AWhile);

        Assert.Multiple(() =>
        {
            Assert.That(world.Down.Data.Applied, Is.EqualTo(new Dictionary<string, long> { ["b"] = 2 }));
            Assert.That(world.Down.Data.Parked.Select(parked => (parked.Number, parked.OrderKey, parked.Reason)), Is.EqualTo(new[]
            {
                (1L, "a", "the disk is gone"), (3L, "a", "An earlier message of its key is parked."),
            }));
            Assert.That(world.Down.Status.Parked, Is.EqualTo(2));
            Assert.That(world.Down.Status.WorkInWatermark, Is.EqualTo(4), "parked is done");
            Assert.That(world.Up.Data.Link(LinkWorld.Child).Outbox, Is.Empty);
        });
    }

    [Test]
    public void A_parked_key_stays_parked_over_a_restart_and_a_retry_takes_it_up_in_order()
    {
        var world = Started();
        world.Down.Fails["a"] = "not now";
        world.Send(world.Up, "a");
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        world.Down.Crash();
        world.Down.Fails.Clear();
        world.Down.Start();
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        Assert.That(world.Down.Data.Applied, Is.Empty, "a later one must not overtake");

        world.Down.Links.Parked.Retry(LinkWorld.Parent, "a");
        world.RunFor(AWhile);
        world.Send(world.Up, "a");
        world.RunFor(AWhile);

        Assert.Multiple(() =>
        {
            Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(4));
            Assert.That(world.Down.Data.Violations, Is.Empty);
            Assert.That(world.Down.Data.Parked, Is.Empty);
            Assert.That(world.Down.Status.Parked, Is.EqualTo(0));
        });
    }

    [Test]
    public void A_retry_that_fails_again_keeps_the_message_with_the_new_reason()
    {
        var world = Started();
        world.Down.Fails["a"] = "first";
        world.Send(world.Up, "a");
        world.RunFor(AWhile);

        world.Down.Fails["a"] = "second";
        world.Down.Links.Parked.Retry(LinkWorld.Parent, "a");
        world.RunFor(AWhile);

        Assert.That(world.Down.Data.Parked.Single().Reason, Is.EqualTo("second"));
        Assert.That(world.Down.Data.Applied, Is.Empty);
    }

    [Test]
    public void Dropping_the_last_parked_message_lets_its_key_pass_again()
    {
        var world = Started();
        world.Down.Fails["a"] = "never";
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        var parked = world.Down.Data.Parked.Single();
        world.Down.Fails.Clear();

        var dropping = world.Down.Links.Parked.DropAsync(parked.Link, parked.Incarnation, parked.Number);
        world.RunFor(AWhile);
        world.Down.Data.CommitNow(new TakeEffect("a", 1));     // what the operator did by hand
        world.Send(world.Up, "a");
        world.RunFor(AWhile);

        Assert.That(dropping.IsCompletedSuccessfully, Is.True);
        Assert.That(world.Down.Data.Parked, Is.Empty);
        Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(2));
    }

    [Test]
    public void A_message_that_this_version_does_not_know_is_parked_by_name()
    {
        var world = Started();
        world.Up.Data.AddOutboxRow(LinkWorld.Child, new WorkItem(0, "a", "server.teleport.v9", "{}"u8.ToArray(), null));
        world.Send(world.Up, "b");
        world.RunFor(AWhile + AWhile);

        var parked = world.Down.Data.Parked.Single();
        Assert.That(parked.Reason, Is.EqualTo("This version does not know the message 'server.teleport.v9'. Upgrade this cell, then retry it."));
        Assert.That(world.Down.Data.Applied["b"], Is.EqualTo(1));
    }

    [Test]
    public void A_message_whose_body_is_no_json_is_parked_too()
    {
        var world = Started();
        world.Up.Data.AddOutboxRow(LinkWorld.Child, new WorkItem(0, "a", "instance.delete.v1", "{"u8.ToArray(), null));
        world.RunFor(AWhile + AWhile);

        Assert.That(world.Down.Data.Parked.Single().Reason, Does.StartWith("Its body is no 'instance.delete.v1':"));
    }

    [Test]
    public void Frames_played_again_after_a_restart_change_nothing_and_are_counted()
    {
        var world = Started();
        world.Up.Links.Send(new SendNews(LinkWorld.Child, News(1)));
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        var recorded = world.Transport.Recorded.Where(frame => frame.To == LinkWorld.Child).ToList();
        world.Down.Crash();
        world.Down.Start();
        world.RunFor(AWhile);
        world.Up.Links.Send(new SendNews(LinkWorld.Child, News(2)));
        world.RunFor(AWhile);
        var (given, news, refused) = (world.Down.Given.Count, world.Down.News.Count, world.Down.Status.Refused);

        foreach (var (from, to, frame) in recorded)
            world.Transport.Inject(from, to, frame);
        world.Settle();

        Assert.Multiple(() =>
        {
            Assert.That(world.Down.Given, Has.Count.EqualTo(given));
            Assert.That(world.Down.News, Has.Count.EqualTo(news), "old news must not come back");
            Assert.That(world.Down.Status.Refused, Is.GreaterThan(refused));
            Assert.That(world.Up.Resets.Concat(world.Down.Resets), Is.Empty);
        });
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(2), "the link lives on");
    }

    [Test]
    public void Frames_of_a_former_life_of_the_neighbour_do_not_make_a_dead_one_look_alive()
    {
        var world = Started();
        var heartbeats = world.Transport.Recorded.Where(frame => frame.To == LinkWorld.Parent).ToList();
        world.Down.Crash();
        world.RunFor(AWhile);
        Assert.That(world.Up.Status.Health, Is.EqualTo(NeighbourHealth.Down));

        foreach (var (from, to, frame) in heartbeats)
            world.Transport.Inject(from, to, frame);
        world.Settle();

        Assert.That(world.Up.Status.Health, Is.EqualTo(NeighbourHealth.Down));
    }

    [Test]
    public void Forged_frames_are_refused_and_counted_and_strangers_are_not_heard()
    {
        var world = Started();
        var forged = world.Transport.Recorded[^1].Frame.ToArray();
        forged[^1] ^= 1;

        world.Transport.Inject(LinkWorld.Parent, LinkWorld.Child, forged);
        world.Transport.Inject(CellName.Parse("stranger"), LinkWorld.Child, forged);
        world.Transport.Inject(LinkWorld.Parent, LinkWorld.Child, new byte[] { 1, 2, 3 });
        world.Settle();

        Assert.That(world.Down.Status.Refused, Is.EqualTo(2), "the stranger's never reached the link");
        Assert.That(world.Down.Status.Health, Is.EqualTo(NeighbourHealth.Up));
    }

    [Test]
    public void Silence_makes_a_neighbour_suspect_then_down_and_the_first_word_brings_it_back()
    {
        var world = Started();
        world.Up.Health.Clear();

        world.Cut = true;
        world.RunFor(AWhile);
        world.Cut = false;
        world.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(world.Up.Health.Select(changed => changed.Health), Is.EqualTo(new[] { NeighbourHealth.Suspect, NeighbourHealth.Down, NeighbourHealth.Up }));
        Assert.That(world.Up.Health.Select(changed => changed.Link), Has.All.EqualTo(LinkWorld.Child));
    }

    [Test]
    public void Of_much_news_the_latest_arrives_at_most_ten_times_a_second_and_again_after_a_restart()
    {
        var world = Started();

        for (var i = 1; i <= 50; i++)
            world.Up.Links.Send(new SendNews(LinkWorld.Child, News(i)));
        world.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(world.Down.News.Cast<CellNews>().Select(news => news.Capacity.CountsWorkUpTo), Is.EqualTo(new[] { 1L, 50L }));

        world.Down.News.Clear();
        world.Down.Crash();
        world.Down.Start();
        world.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(world.Down.News.Cast<CellNews>().Last().Capacity.CountsWorkUpTo, Is.EqualTo(50));
    }

    [Test]
    public void A_neighbour_of_another_protocol_is_refused_in_words_and_gets_nothing()
    {
        var world = new LinkWorld(1);
        world.Up.Start();
        world.RunFor(TimeSpan.FromSeconds(1));
        var ours = Hello.Read(Open(world.Transport.Recorded.Last(frame => frame.To == LinkWorld.Child), world).Body);
        var theirs = new Hello(2, 2, 7, ours.Session, 0, false, "2/1", 1L << 32, 0, 0, 0, 0, 0, 0);

        world.Transport.Inject(LinkWorld.Child, LinkWorld.Parent, EnvelopeCodec.Seal(
            new Envelope(LinkWorld.Child, LinkWorld.Parent, FrameKind.Hello, 0, 7, 1, theirs.ToBody()), world.Keys.Find(LinkWorld.Child, LinkWorld.Parent)!));
        world.Settle();

        Assert.That(world.Up.Status.Problem, Does.Contain("It speaks link protocol version 2, this cell version 1."));
        Assert.That(world.Up.Status.Health, Is.EqualTo(NeighbourHealth.Down));
    }

    [Test]
    public void A_lane_is_full_above_its_bound_and_free_when_the_neighbour_has_caught_up()
    {
        var world = new LinkWorld(1);
        world.Up.Start();
        for (var i = 0; i <= LinkBoard.MostBacklog; i++)
            world.Send(world.Up, $"k{i % 100}");
        world.RunFor(AWhile);
        Assert.That(world.Up.Links.IsFull(LinkWorld.Child), Is.True);
        Assert.That(world.Up.Status.OutboxBacklog, Is.EqualTo(LinkBoard.MostBacklog + 1));

        world.Down.Start();
        world.RunFor(AWhile);

        Assert.That(world.Up.Links.IsFull(LinkWorld.Child), Is.False);
        Assert.That(world.Down.Data.Applied.Values.Sum(), Is.EqualTo(LinkBoard.MostBacklog + 1));
        Assert.That(world.Down.Data.Violations, Is.Empty);
    }

    [Test]
    public void A_way_that_is_full_delays_and_loses_nothing()
    {
        var world = Started();
        world.Transport.Full = true;
        world.Send(world.Up, "a");
        world.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(world.Down.Data.Applied, Is.Empty);

        world.Transport.Full = false;
        world.RunFor(AWhile);

        Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(1));
    }

    [Test]
    public void A_parent_restored_from_a_backup_begins_anew_and_drives_its_work_again()
    {
        var world = Started();
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        var backup = world.Up.Data.Backup();
        world.Send(world.Up, "a");
        world.Send(world.Up, "a");
        world.Down.Data.CommitNow(new ChangeRow("r1", "v1"));
        world.RunFor(AWhile);

        world.Up.Crash();
        world.Up.Data = backup;
        world.Up.Redrive = () => Drive(world, "a", 1, 3);
        world.Up.Start();
        world.RunFor(AWhile);

        Assert.Multiple(() =>
        {
            Assert.That(world.Up.Resets.Select(reset => reset.Link), Is.EqualTo(new[] { LinkWorld.Child }), "our numbers were lost: we begin");
            Assert.That(world.Up.Data.Link(LinkWorld.Child).ResetOwed, Is.False);
            Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(3));
            Assert.That(world.Up.Data.Copies, Is.EqualTo(world.Down.Data.Rows), "state is sent again from where the backup stood");
            Assert.That(world.Up.Status.Health, Is.EqualTo(NeighbourHealth.Up));
        });
    }

    [Test]
    public void A_child_restored_from_a_backup_gets_again_what_it_lost()
    {
        var world = Started();
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        var backup = world.Down.Data.Backup();
        world.Send(world.Up, "a");
        world.Down.Data.CommitNow(new ChangeRow("r1", "lost"), new ChangeRow("r2", "lost too"));
        world.RunFor(AWhile);
        Assert.That(world.Up.Data.Copies, Has.Count.EqualTo(2));

        world.Down.Crash();
        world.Down.Data = backup;
        world.Up.Redrive = () => Drive(world, "a", 1, 2);
        world.Down.Start();
        world.Down.Data.CommitNow(new ChangeRow("r1", "seen on the hosts"));
        world.RunFor(AWhile);

        Assert.Multiple(() =>
        {
            Assert.That(world.Up.Resets, Has.Count.EqualTo(1), "it lost what it had acknowledged: we begin");
            Assert.That(world.Down.Resets, Has.Count.EqualTo(1), "its change numbers were lost: it begins");
            Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(2));
            Assert.That(world.Up.Data.Copies["r1"].Value, Is.EqualTo("seen on the hosts"));
            Assert.That(world.Up.Data.Link(LinkWorld.Child).StateIn, Is.EqualTo(world.Down.Data.Changes));
        });
    }

    [Test]
    public void A_database_on_another_cluster_begins_anew_in_both_directions_even_if_no_number_tells()
    {
        var world = Started();
        world.Send(world.Up, "a");
        world.Send(world.Down, "b");
        world.RunFor(AWhile);
        var (up, down) = (world.Up.Data.Link(LinkWorld.Child).Out, world.Down.Data.Link(LinkWorld.Parent).Out);

        world.Down.Crash();
        world.Down.Past = "2/2";
        world.Down.Start();
        world.RunFor(AWhile);
        world.Send(world.Up, "a");
        world.Send(world.Down, "b");
        world.RunFor(AWhile);

        Assert.Multiple(() =>
        {
            Assert.That(world.Up.Data.Link(LinkWorld.Child).Out, Is.GreaterThan(up));
            Assert.That(world.Down.Data.Link(LinkWorld.Parent).Out, Is.GreaterThan(down));
            Assert.That((world.Up.Resets.Count, world.Down.Resets.Count), Is.EqualTo((1, 1)));
            Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(2));
            Assert.That(world.Up.Data.Applied["b"], Is.EqualTo(2));
            Assert.That(world.Up.Data.Violations.Concat(world.Down.Data.Violations), Is.Empty);
        });
    }

    [Test]
    public void A_reset_that_the_owner_did_not_settle_is_told_again_at_the_next_start()
    {
        var world = Started();
        world.Up.Crash();
        world.Up.Past = "1/2";
        world.Up.Data.RefuseSettling = true;
        world.Up.Start();
        world.RunFor(AWhile);
        Assert.That(world.Up.Resets, Has.Count.EqualTo(1));

        world.Up.Data.RefuseSettling = false;
        world.Up.Crash();
        world.Up.Start();
        world.RunFor(AWhile);
        world.Up.Crash();
        world.Up.Start();
        world.RunFor(AWhile);

        Assert.That(world.Up.Resets, Has.Count.EqualTo(2), "told again once, and then settled");
    }

    [Test]
    public void What_the_router_never_answered_is_given_again()
    {
        var world = Started();
        world.Down.Deaf = true;
        world.Send(world.Up, "a");
        world.RunFor(AWhile);
        world.Down.Deaf = false;
        Assert.That(world.Down.Data.Applied, Is.Empty);

        world.RunFor(TimeSpan.FromSeconds(40));

        Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(1));
        Assert.That(world.Up.Data.Link(LinkWorld.Child).Outbox, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_crash_between_arrival_and_effect_loses_a_message_only_with_the_planted_bug(bool planted)
    {
        var world = new LinkWorld(1) { Hooks = new LinkHooks(AckBeforeCommit: planted) };
        world.Up.Start();
        world.Down.Start();
        world.RunFor(AWhile);
        world.Down.Deaf = true;            // the effect is not committed yet
        world.Send(world.Up, "a");
        world.RunFor(TimeSpan.FromSeconds(5));

        world.Down.Crash();
        world.Down.Deaf = false;
        world.Down.Start();
        world.RunFor(TimeSpan.FromSeconds(60));

        Assert.That(world.Down.Data.Applied.GetValueOrDefault("a"), Is.EqualTo(planted ? 0 : 1));
    }

    private static LinkWorld Started()
    {
        var world = new LinkWorld(1);
        world.Up.Start();
        world.Down.Start();
        world.RunFor(TimeSpan.FromSeconds(3));
        Assert.That((world.Up.Status.Health, world.Down.Status.Health), Is.EqualTo((NeighbourHealth.Up, NeighbourHealth.Up)));
        return world;
    }

    /// <summary>What an owner does that keeps its open intents: sends them all again.</summary>
    private static void Drive(LinkWorld world, string key, long from, long to)
    {
        for (var intent = from; intent <= to; intent++)
            world.Up.Data.CommitNow(new SendWork(LinkWorld.Child, key, LinkWorld.Message(key, intent), null));
    }

    private static Envelope Open((CellName From, CellName To, ReadOnlyMemory<byte> Frame) sent, LinkWorld world)
    {
        Assert.That(EnvelopeCodec.TryOpen(sent.Frame, sent.From, sent.To, world.Keys.Find(sent.From, sent.To), out var envelope), Is.EqualTo(FrameRefusal.None));
        return envelope!;
    }

    private static CellNews News(long counts) => new(LinkWorld.Parent, CellKind.Routing, new CapacitySummary(counts, [], []), []);
}
