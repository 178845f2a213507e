using System.IO.Compression;
using System.Text;
using Cells.Compute.Questions;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Questions;

public sealed class ReadConsoleTests
{
    [TestCase("a\nb\nc\n", 1, "c\n")]
    [TestCase("a\nb\nc", 2, "b\nc")]
    [TestCase("a\nb\nc\n", 3, "a\nb\nc\n")]
    [TestCase("a\nb\nc\n", 9, "a\nb\nc\n")]
    [TestCase("a\n\n\n", 2, "\n\n")]
    [TestCase("a\nb", 0, "")]
    [TestCase("", 5, "")]
    [TestCase("one line", null, "one line")]
    [TestCase("a\nb\n", null, "a\nb\n")]
    public void The_last_lines_are_given_whole(string log, int? lines, string expected) =>
        Assert.That(ReadConsole.LastOf(log, lines), Is.EqualTo(expected));

    [Test]
    public void A_log_longer_than_a_message_takes_is_cut_at_a_line()
    {
        var log = string.Concat(Enumerable.Range(0, 3_000).Select(i => $"line {i:0000} {new string('x', 40)}\n"));

        var told = ReadConsole.LastOf(log, null);

        Assert.That(told, Has.Length.LessThanOrEqualTo(InstanceTold.MostConsoleChars));
        Assert.That(told, Does.StartWith("line ").And.EndWith("line 2999 " + new string('x', 40) + "\n"));
        Assert.That(log, Does.EndWith(told));
    }

    [Test]
    public void A_single_line_longer_than_a_message_takes_is_cut_all_the_same() =>
        Assert.That(ReadConsole.LastOf(new string('x', InstanceTold.MostConsoleChars + 7), 1), Has.Length.EqualTo(InstanceTold.MostConsoleChars));

    [Test]
    public void What_the_plugin_packs_is_unpacked_and_what_it_does_not_pack_is_nothing()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(Encoding.UTF8.GetBytes("login: "));

        Assert.That(ReadConsole.Unpack(Convert.ToBase64String(packed.ToArray())), Is.EqualTo("login: "));
        Assert.That(ReadConsole.Unpack("not base64!"), Is.Null);
        Assert.That(ReadConsole.Unpack(Convert.ToBase64String([1, 2, 3, 4])), Is.Null);
    }

    [TestCase("20260821T09:05:07Z", "20260821T09:06:08Z", 61L)]
    [TestCase("2026-08-21T09:05:07Z", "20260821T09:05:07Z", 0L)]
    [TestCase("19700101T00:00:00Z", "20260821T09:05:07Z", null)]
    [TestCase("", "20260821T09:05:07Z", null)]
    [TestCase("20260821T09:05:08Z", "20260821T09:05:07Z", null)]
    public void An_uptime_is_between_two_readings_of_one_clock(string start, string now, long? seconds) =>
        Assert.That(ReadDiagnostics.UptimeOf(start, now), Is.EqualTo(seconds));
}
