using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

public sealed class MeetingTests
{
    private const long Out = 1L << 32;
    private const long In = 5L << 32;

    // We gave 100 and they have 80 of it; they gave 50 and we have 40 of it.
    private static readonly LinkPast Mine = new(Out, 70, In, 40, 300, "9/1", "9/1");
    private static readonly Hello Theirs = new(1, 1, 2, 1, 1, true, "9/1", In, 50, 400, Out, 80, 200, 0);

    [Test]
    public void Two_cells_that_remember_the_same_past_go_on()
    {
        var meeting = Meet(Theirs);

        Assert.That((meeting.OutAgreed, meeting.InAgreed), Is.EqualTo((true, true)));
        Assert.That((meeting.BeginReason, meeting.Adopt, meeting.WantsNewerThan), Is.EqualTo(((string?)null, 0L, 0L)));
    }

    [Test]
    public void A_protocol_without_overlap_is_refused_in_words()
    {
        var meeting = Meet(Theirs with { MinVersion = 2, MaxVersion = 3 });

        Assert.That(meeting.Refused, Is.EqualTo(
            "It speaks link protocol versions 2 to 3, this cell version 1. Nothing is exchanged until one of them is upgraded."));
    }

    [TestCase(101, 200, "work 101, and we gave no more than 100", TestName = "Our work numbers were lost")]
    [TestCase(80, 501, "up to change 501, and we made no more than 500", TestName = "Our change numbers were lost")]
    [TestCase(69, 200, "acknowledged 70", TestName = "Their watermark fell back")]
    public void A_watermark_that_cannot_be_begins_a_new_incarnation(long work, long state, string reason)
    {
        var meeting = Meet(Theirs with { WorkWatermark = work, StateWatermark = state });

        Assert.That(meeting.BeginReason, Does.Contain(reason));
        Assert.That(meeting.OutAgreed, Is.False);
        Assert.That(meeting.BeginAbove, Is.EqualTo(Out));
    }

    [Test]
    public void An_incarnation_that_they_forgot_ends_when_work_of_it_was_acknowledged_and_else_is_taken()
    {
        var forgotten = Meeting.Of(Mine, 100, 500, Theirs with { InIncarnation = 0, WorkWatermark = 0, StateWatermark = 0 });
        var firstMeeting = Meeting.Of(Mine with { WorkAcked = 0 }, 100, 500, Theirs with { InIncarnation = 0, WorkWatermark = 0, StateWatermark = 0 });

        Assert.That(forgotten.BeginReason, Does.Contain("forgotten"));
        Assert.That((firstMeeting.BeginReason, firstMeeting.OutAgreed), Is.EqualTo(((string?)null, false)));
    }

    [Test]
    public void A_later_incarnation_of_ours_that_only_they_know_is_exceeded()
    {
        var meeting = Meet(Theirs with { InIncarnation = (3L << 32) | 7 });

        Assert.That(meeting.BeginReason, Does.Contain("later incarnation"));
        Assert.That(Meeting.IncarnationAbove(meeting.BeginAbove, 9), Is.EqualTo((4L << 32) | 9));
    }

    [Test]
    public void Another_database_at_their_end_ends_both_directions()
    {
        var meeting = Meet(Theirs with { Past = "9/2" });

        Assert.That(meeting.BeginReason, Does.Contain("9/1, now 9/2"));
        Assert.That((meeting.InAgreed, meeting.WantsNewerThan), Is.EqualTo((false, In)));
    }

    [TestCase(39, 400, TestName = "They gave less work than we have")]
    [TestCase(50, 299, TestName = "They made fewer changes than we have")]
    public void Nothing_of_a_sender_that_lost_its_past_is_applied_until_it_begins_anew(long given, long changes)
    {
        var meeting = Meet(Theirs with { WorkGiven = given, StateGiven = changes });

        Assert.That((meeting.InAgreed, meeting.WantsNewerThan), Is.EqualTo((false, In)));
    }

    [Test]
    public void A_new_incarnation_of_theirs_is_taken_whatever_we_had_of_the_old_one()
    {
        var meeting = Meet(Theirs with { OutIncarnation = In + 1, WorkGiven = 0, StateGiven = 0, Past = "9/1" });

        Assert.That((meeting.Adopt, meeting.InAgreed, meeting.WantsNewerThan), Is.EqualTo((In + 1, false, 0L)));
    }

    [Test]
    public void A_wish_for_a_newer_incarnation_is_met_once()
    {
        Assert.That(Meet(Theirs with { WantsNewerThan = Out }).BeginReason, Is.Not.Null);
        Assert.That(Meet(Theirs with { WantsNewerThan = Out - 1 }).BeginReason, Is.Null);
    }

    [Test]
    public void A_hello_survives_the_wire_and_members_it_does_not_know()
    {
        Assert.That(Hello.Read(Theirs.ToBody()), Is.EqualTo(Theirs));
        var later = System.Text.Encoding.UTF8.GetString(Theirs.ToBody().Span).Replace("{", "{\"colour\":\"blue\",");
        Assert.That(Hello.Read(System.Text.Encoding.UTF8.GetBytes(later)), Is.EqualTo(Theirs));
        Assert.That(() => Hello.Read("[]"u8.ToArray()), Throws.TypeOf<InvalidDataException>());
    }

    private static Meeting Meet(Hello theirs) => Meeting.Of(Mine, workGiven: 100, stateGiven: 500, theirs);
}
