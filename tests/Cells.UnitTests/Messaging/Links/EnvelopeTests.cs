using Cells.Contracts;
using Cells.Messaging;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

public sealed class EnvelopeTests
{
    private static readonly CellName East = CellName.Parse("east");
    private static readonly CellName West = CellName.Parse("west");
    private static readonly DerivedLinkKeys Keys = new(new byte[] { 1, 2, 3 });
    private static readonly Envelope Sent = new(East, West, FrameKind.Work, 77, 88, 99, new byte[] { 10, 20, 30 });

    [Test]
    public void What_is_sealed_is_opened_as_it_was()
    {
        var frame = EnvelopeCodec.Seal(Sent, Keys.Find(East, West));

        var refusal = EnvelopeCodec.TryOpen(frame, East, West, Keys.Find(East, West), out var opened);

        Assert.Multiple(() =>
        {
            Assert.That(refusal, Is.EqualTo(FrameRefusal.None));
            Assert.That(opened! with { Body = default }, Is.EqualTo(Sent with { Body = default }));
            Assert.That(opened!.Body.ToArray(), Is.EqualTo(new byte[] { 10, 20, 30 }));
        });
    }

    [Test]
    public void A_frame_with_any_one_bit_changed_is_refused()
    {
        var frame = EnvelopeCodec.Seal(Sent, Keys.Find(East, West));

        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            var forged = frame.ToArray();
            forged[bit / 8] ^= (byte)(1 << (bit % 8));

            var refusal = EnvelopeCodec.TryOpen(forged, East, West, Keys.Find(East, West), out var opened);

            Assert.That(refusal, Is.Not.EqualTo(FrameRefusal.None), $"bit {bit}");
            Assert.That(opened, Is.Null, $"bit {bit}");
        }
    }

    [Test]
    public void A_frame_cut_at_any_length_or_drawn_out_is_refused()
    {
        var frame = EnvelopeCodec.Seal(Sent, Keys.Find(East, West));

        for (var length = 0; length < frame.Length; length++)
            Assert.That(EnvelopeCodec.TryOpen(frame.AsMemory(0, length), East, West, Keys.Find(East, West), out _), Is.EqualTo(FrameRefusal.Truncated), $"{length} bytes");
        Assert.That(
            EnvelopeCodec.TryOpen(frame.Append((byte)0).ToArray(), East, West, Keys.Find(East, West), out _), Is.EqualTo(FrameRefusal.Truncated), "one more");
    }

    [Test]
    public void A_frame_for_another_cell_is_refused_even_with_the_right_key()
    {
        var north = CellName.Parse("north");
        var key = Keys.Find(East, West);

        var rerouted = EnvelopeCodec.TryOpen(EnvelopeCodec.Seal(Sent with { To = north }, key), East, West, key, out _);
        var borrowed = EnvelopeCodec.TryOpen(EnvelopeCodec.Seal(Sent with { From = north }, key), East, West, key, out _);

        Assert.That(rerouted, Is.EqualTo(FrameRefusal.WrongAddress));
        Assert.That(borrowed, Is.EqualTo(FrameRefusal.WrongAddress));
    }

    [Test]
    public void The_key_of_the_other_direction_opens_nothing()
    {
        var frame = EnvelopeCodec.Seal(Sent, Keys.Find(West, East));

        Assert.That(EnvelopeCodec.TryOpen(frame, East, West, Keys.Find(East, West), out _), Is.EqualTo(FrameRefusal.UnknownKey));
    }

    [Test]
    public void Another_version_is_named_before_anything_else_is_read()
    {
        Assert.That(EnvelopeCodec.TryOpen(new byte[] { 9 }, East, West, Keys.Find(East, West), out _), Is.EqualTo(FrameRefusal.UnknownVersion));
    }

    [Test]
    public void A_body_that_names_more_than_it_holds_is_refused_before_memory_is_taken()
    {
        var huge = new FrameWriter().Count(int.MaxValue).Body;
        var negative = new FrameWriter().Count(1).Number(1).Count(-7).Count(0).Count(0).Count(0).Body;

        Assert.That(() => FrameBodies.ReadWork(huge), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => FrameBodies.ReadWork(negative), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void Bodies_are_read_as_they_were_written()
    {
        var items = new[] { new WorkItem(5, "clé", "a.b.v1", new byte[] { 1 }, "00-trace"), new WorkItem(6, "", "c.v1", Array.Empty<byte>(), null) };
        var page = new StatePage(3, 9, [new StateRow("host", "k", 7, true, new byte[] { 9, 8 })]);
        var marks = new Marks(1, 2, 3, true, false);

        var work = FrameBodies.ReadWork(FrameBodies.Work(items));
        var state = FrameBodies.ReadState(FrameBodies.State(page));

        Assert.Multiple(() =>
        {
            Assert.That(work.Select(item => (item.Number, item.OrderKey, item.WireName, item.TraceParent)), Is.EqualTo(new[]
            {
                (5L, "clé", "a.b.v1", (string?)"00-trace"), (6L, "", "c.v1", null),
            }));
            Assert.That(work[0].Body.ToArray(), Is.EqualTo(new byte[] { 1 }));
            Assert.That((state.From, state.To), Is.EqualTo((3L, 9L)));
            Assert.That(state.Rows[0] with { Json = default }, Is.EqualTo(page.Rows[0] with { Json = default }));
            Assert.That(state.Rows[0].Json.ToArray(), Is.EqualTo(new byte[] { 9, 8 }));
            Assert.That(FrameBodies.ReadMarks(FrameBodies.Marks(marks)), Is.EqualTo(marks));
        });
    }
}
