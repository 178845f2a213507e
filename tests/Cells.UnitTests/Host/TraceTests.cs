using System.IO.Compression;
using Cells.Contracts;
using Cells.Host.Replay;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

public sealed class TraceTests
{
    private const string Header = "t_s,batch,vcpus,mem_gib,life_lo_s,life_hi_s,censored\n";
    private string _path = "";

    [SetUp]
    public void MakeFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void RemoveFile() => File.Delete(_path);

    [Test]
    public void A_row_ends_in_the_middle_of_its_bin_and_one_that_outlived_the_recording_does_not_end()
    {
        File.WriteAllText(_path, Header + "300,0,2,3.5,300,600,0\n300,0,1,0.75,900,,0\n600,1,1,1.75,900,1200,1\n");

        var rows = TraceRow.Read(_path).ToList();

        Assert.That(rows[0], Is.EqualTo(new TraceRow(2, 300, 0, 2, 3584, 750)));
        Assert.That(rows[1].EndsAt, Is.Null);
        Assert.That(rows[2].EndsAt, Is.Null);
    }

    [Test]
    public void A_gzip_file_reads_the_same()
    {
        using (var gzip = new StreamWriter(new GZipStream(File.Create(_path), CompressionLevel.Fastest)))
            gzip.Write(Header + "0,0,1,1,0,300,0\n");

        Assert.That(TraceRow.Read(_path).Single().EndsAt, Is.EqualTo(150));
    }

    [TestCase("0,0,one,1,0,300,0", "line 2: column vcpus must be a number of at least 1, not 'one'")]
    [TestCase("0,0,1,0,0,300,0", "line 2: column mem_gib must be a number")]
    [TestCase("0,0,1,1", "line 2: 4 columns where the first line has 7")]
    [TestCase("-1,0,1,1,0,300,0", "line 2: column t_s must be a number of at least 0")]
    public void A_broken_row_is_named_by_its_line(string row, string expected)
    {
        File.WriteAllText(_path, Header + row + "\n");

        var error = Assert.Throws<CellsException>(() => TraceRow.Read(_path).ToList());

        Assert.That(error.Message, Does.Contain(expected).And.Contain(_path));
    }

    [Test]
    public void Rows_out_of_order_are_named_by_their_line()
    {
        File.WriteAllText(_path, Header + "300,0,1,1,0,300,0\n\n299.5,0,1,1,0,300,0\n");

        Assert.That(Assert.Throws<CellsException>(() => TraceRow.Read(_path).ToList()).Message, Does.Contain("line 4: t_s 299.5 is before 300 of a line above it"));
    }

    [Test]
    public void Other_columns_are_refused()
    {
        File.WriteAllText(_path, "time,vcpus\n1,1\n");

        Assert.That(Assert.Throws<CellsException>(() => TraceRow.Read(_path).ToList()).Message, Does.Contain("line 1: the columns must be t_s,batch"));
    }

    [Test]
    public void Creates_and_deletes_come_in_the_order_of_time_and_the_limit_counts_both()
    {
        File.WriteAllText(_path, Header + "0,0,1,1,0,300,0\n300,1,1,1,0,1800,0\n900,2,1,1,0,300,0\n");
        var rows = TraceRow.Read(_path).ToList();

        var all = TraceEvent.InOrder(rows, int.MaxValue).Select(e => (e.At, e.IsDelete, e.Row.Line)).ToList();

        Assert.That(all, Is.EqualTo(new[] { (0.0, false, 2), (150.0, true, 2), (300.0, false, 3), (900.0, false, 4), (1050.0, true, 4), (1200.0, true, 3) }));
        Assert.That(TraceEvent.InOrder(rows, 4).Select(e => (e.At, e.IsDelete, e.Row.Line)), Is.EqualTo(all.Take(4)));
    }

    [Test]
    public void The_sample_of_the_repository_reads_whole()
    {
        var events = TraceEvent.InOrder(TraceRow.Read(Path.Combine(Repository.Root, "Cells.Host", "samples", "trace.csv")), int.MaxValue).ToList();

        Assert.That(events.Count(e => !e.IsDelete), Is.EqualTo(120));
        Assert.That(events.Select(e => e.At), Is.Ordered);
    }

    [Test]
    public void Percentiles_are_the_nearest_ranks()
    {
        var percentiles = new Percentiles();
        foreach (var ms in Enumerable.Range(1, 200).Reverse())
            percentiles.Add(TimeSpan.FromMilliseconds(ms));

        Assert.That((percentiles.At(50), percentiles.At(99), percentiles.At(100)), Is.EqualTo((100, 198, 200)));
    }
}
