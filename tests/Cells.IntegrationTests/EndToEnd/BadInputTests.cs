using System.Net;
using System.Net.Sockets;
using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Wrong words end at once with exit code 1 or 2 and a sentence that names the thing, the reason and the way out. Nothing is started.</summary>
[NonParallelizable]
public sealed class BadInputTests
{
    private string _directory = "";

    /// <summary>Not made yet: what `up` refuses it must not make either.</summary>
    private string Data => Path.Combine(_directory, "data");

    [SetUp]
    public void MakeDirectory() => _directory = TestCluster.NewDirectory();

    [TearDown]
    public async Task RemoveDirectoryAsync()
    {
        if (Directory.Exists(Data))
            await CellsUp.RemoveAsync(Data);
        Directory.Delete(_directory, recursive: true);
    }

    [TestCase("cells:\n  - { name: a, kind: api, paernt: b }", "line 2: unknown key 'paernt' in a cell. Nearest valid key: 'parent'")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute, parent: aa }", "line 3: cell 'b' names the parent 'aa', which is not in the file. Nearest name: 'a'")]
    [TestCase("cells:\n  - { name: a, kind: api, simulated_hosts: 3 }", "line 2: cell 'a' is of kind api and can have no hosts")]
    [TestCase("cells: [", "not valid YAML")]
    public async Task A_wrong_topology_names_file_and_key_and_starts_nothing(string yaml, string expected)
    {
        var file = Path.Combine(_directory, "topology.yaml");
        await File.WriteAllTextAsync(file, yaml);

        await AssertRefusedAsync(1, expected, "up", "--data", Data, "--listen", "127.0.0.1:0", "--topology", file);
        await AssertRefusedAsync(1, file, "up", "--data", Data, "--listen", "127.0.0.1:0", "--topology", file);
        Assert.That(Directory.Exists(Data), Is.False);
    }

    [TestCase("no-such-file.yaml: cannot be read", "--topology", "no-such-file.yaml")]
    [TestCase("--listen 'nonsense' is not HOST:PORT", "--listen", "nonsense")]
    [TestCase("--listen '127.0.0.1:99999' is not HOST:PORT", "--listen", "127.0.0.1:99999")]
    [TestCase("--bus 'kafka' is none of in-process, rabbitmq, rabbitmq=URL", "--bus", "kafka")]
    [TestCase("give the URL without account and password", "--bus", "rabbitmq=amqp://me:pw@broker1")]
    [TestCase("--hosts must be from 0 to 1000, not -1", "--hosts", "-1")]
    public async Task A_wrong_value_is_named_and_starts_nothing(string expected, params string[] options)
    {
        await AssertRefusedAsync(1, expected, ["up", "--data", Data, .. options]);
        Assert.That(Directory.Exists(Data), Is.False);
    }

    [TestCase("--unknown", "up", "--unknown")]
    [TestCase("not an integer|Cannot parse", "up", "--hosts", "many")]
    [TestCase("fast", "up", "--latency", "fast")]
    [TestCase("uup", "uup")]
    public async Task A_word_that_is_no_option_or_command_is_wrong_usage(string expected, params string[] words)
    {
        var ended = await CellsUp.RunCellsAsync(words[0] == "up" ? [.. words, "--data", Data] : words);

        Assert.That((ended.Code, ended.Out), Is.EqualTo((2, "")), ended.Said);
        Assert.That(ended.Error, Does.Match(expected).And.Contain("see `cells --help`"));
        Assert.That(Directory.Exists(Data), Is.False);
    }

    [Test]
    public async Task A_port_of_a_simulated_host_that_somebody_has_taken_is_named()
    {
        var data = TestCluster.NewDirectory();
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        try
        {
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            await File.WriteAllTextAsync(Path.Combine(data, "ports.json"), $"{{\"east-1-h01\": {port}}}");

            var ended = await CellsUp.RunCellsAsync("xensim", "--group", "east-1=1", "--data", data);

            Assert.That(ended.Code, Is.EqualTo(1), ended.Said);
            Assert.That(ended.Error, Does.StartWith("cells: The simulated hosts cannot be started: ").And.Contain($":{port}").And.Not.Contain("   at "));
        }
        finally
        {
            listener.Stop();
            Directory.Delete(data, recursive: true);
        }
    }

    [Test]
    public async Task A_database_that_is_not_there_is_named()
    {
        await AssertRefusedAsync(1, "--database: not a connection string of PostgreSQL", "up", "--data", Data, "--database", "nonsense");
        await AssertRefusedAsync(1, "--database: the server does not let us in", "up", "--data", Data, "--database", "Host=127.0.0.1;Port=1;Username=cells");
    }

    [Test]
    public async Task A_broker_that_is_not_there_is_named_and_what_was_started_is_ended()
    {
        await AssertRefusedAsync(1, "The broker 127.0.0.1:1/global cannot be reached", "up", "--data", Data, "--listen", "127.0.0.1:0", "--bus", "rabbitmq=amqp://127.0.0.1:1");

        Assert.That(File.Exists(Path.Combine(Data, "postgres", "data", "postmaster.pid")), Is.False, "its PostgreSQL was stopped");
    }

    [Test]
    public async Task A_second_up_on_the_same_directory_names_the_first_and_leaves_it_alone()
    {
        var first = await SharedTree.UpAsync();

        await AssertRefusedAsync(1, $"The data directory {first.Data} is in use by process {first.Process.Id}", "up", "--data", first.Data, "--listen", "127.0.0.1:0");

        Assert.That((await first.CellsAsync("tree")).Code, Is.Zero, "the first goes on");
    }

    [Test]
    public async Task A_port_in_use_is_named_and_what_was_started_is_ended()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await AssertRefusedAsync(1, $"The door cannot listen on {taken.LocalEndpoint}", "up", "--data", Data, "--hosts", "1", "--listen", $"{taken.LocalEndpoint}");

        Assert.That(File.Exists(Path.Combine(Data, "postgres", "data", "postmaster.pid")), Is.False, "its PostgreSQL was stopped");
    }

    [Test]
    public async Task A_broken_row_of_a_trace_names_its_line()
    {
        var up = await SharedTree.UpAsync();
        var trace = Path.Combine(_directory, "trace.csv");
        await File.WriteAllTextAsync(trace, "t_s,batch,vcpus,mem_gib,life_lo_s,life_hi_s,censored\n0,0,1,1,0,60,0\n5,0,one,1,0,60,0\n");

        var ended = await up.CellsAsync("replay", trace);

        Assert.That((ended.Code, ended.Error), Is.EqualTo((1, $"cells: {trace}, line 3: column vcpus must be a number of at least 1, not 'one'.{Environment.NewLine}")));
    }

    private static async Task AssertRefusedAsync(int code, string expected, params string[] words)
    {
        var ended = await CellsUp.RunCellsAsync(words);

        Assert.That(ended.Code, Is.EqualTo(code), ended.Said);
        Assert.That(ended.Error, Does.Contain(expected));
    }
}
