using System.Diagnostics;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Storage;

public sealed class PrivateClusterTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private string _root = null!;

    private string Home => Path.Combine(_root, "postgres");

    [SetUp]
    public void RequirePostgres()
    {
        TestCluster.RequirePostgres();
        _root = TestCluster.NewDirectory();
    }

    [TearDown]
    public async Task Remove()
    {
        if (File.Exists(Path.Combine(Home, "cells-private-cluster")))
            await PrivateCluster.RemoveLeftAsync(Home, TimeProvider.System, None);
        Directory.Delete(_root, recursive: true);
    }

    [Test]
    public async Task It_answers_keeps_its_databases_and_is_removed_whole()
    {
        await using var cluster = await StartAsync();

        var made = await cluster.CreateDatabaseAsync("cell \"one\"", None);
        var again = await cluster.CreateDatabaseAsync("cell \"one\"", None);
        await ExecuteAsync(cluster, "cell \"one\"", "create table kept (id int)");
        await cluster.StopAsync(None);
        await using var next = await StartAsync();
        await ExecuteAsync(next, "cell \"one\"", "insert into kept values (1)");
        await next.DropDatabaseAsync("cell \"one\"", None);
        await next.DropDatabaseAsync("cell \"one\"", None);
        await next.RemoveAsync(None);

        Assert.That((made, again), Is.EqualTo((true, false)));
        Assert.That(next.TakenOver, Is.False);
        Assert.That(Directory.Exists(Home), Is.False);
    }

    [Test]
    public async Task Its_data_may_be_entered_by_the_servers_user_alone_and_its_server_stands_in_a_session_of_its_own()
    {
        await using var cluster = await StartAsync();

        var mode = new DirectoryInfo(Path.Combine(Home, "data")).UnixFileMode;
        var stat = await File.ReadAllTextAsync($"/proc/{cluster.ProcessId}/stat");
        var session = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);   // proc(5): state, ppid, pgrp, session

        Assert.That(mode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        Assert.That(session, Is.EqualTo(cluster.ProcessId));
    }

    [Test]
    public async Task After_kill_9_of_its_server_it_starts_again_on_the_same_port()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateDatabaseAsync("cell", None);
        var (port, pid) = (cluster.Port, cluster.ProcessId);
        await using var open = new NpgsqlConnection(cluster.ConnectionString("cell"));
        await open.OpenAsync();

        await cluster.KillAsync(None);
        await cluster.RestartAsync(None);
        await ExecuteAsync(cluster, "cell", "create table back (id int)");

        Assert.That(cluster.Port, Is.EqualTo(port));
        Assert.That(cluster.ProcessId, Is.Not.EqualTo(pid));
    }

    [Test]
    public async Task A_server_left_running_by_a_former_process_is_taken_over()
    {
        var former = await StartAsync();   // its process dies: nobody stops the server
        await former.CreateDatabaseAsync("cell", None);

        await using var next = await StartAsync();
        await ExecuteAsync(next, "cell", "create table more (id int)");

        Assert.That(next.TakenOver);
        Assert.That((next.ProcessId, next.Port), Is.EqualTo((former.ProcessId, former.Port)));
    }

    [Test]
    public async Task A_server_left_running_with_too_little_room_is_restarted_with_more()
    {
        var former = await StartAsync();

        await using var next = await PrivateCluster.StartAsync(Options() with { MaxConnections = 60 }, TimeProvider.System, NullLogger.Instance, None);

        Assert.That(next.TakenOver, Is.False);
        Assert.That(next.ProcessId, Is.Not.EqualTo(former.ProcessId));
        Assert.That(await ScalarAsync(next, "show max_connections"), Is.EqualTo("60"));
    }

    [Test]
    public async Task A_pid_file_that_names_another_process_is_not_believed()
    {
        await using (var cluster = await StartAsync())
            await cluster.KillAsync(None);
        var pidFile = Path.Combine(Home, "data", "postmaster.pid");
        var lines = await File.ReadAllLinesAsync(pidFile);
        using var innocent = Process.Start(new ProcessStartInfo("sleep", "600"))!;
        try
        {
            lines[0] = innocent.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await File.WriteAllLinesAsync(pidFile, lines);

            await using var cluster = await StartAsync();

            Assert.That(cluster.TakenOver, Is.False);
            Assert.That(innocent.HasExited, Is.False);
        }
        finally
        {
            innocent.Kill();
        }
    }

    [Test]
    public async Task A_stepped_worlds_cluster_does_nothing_by_itself()
    {
        await using var cluster = await PrivateCluster.StartAsync(Options() with { Stepped = true }, TimeProvider.System, NullLogger.Instance, None);

        Assert.That(
            new[]
            {
                await ScalarAsync(cluster, "show autovacuum"), await ScalarAsync(cluster, "show synchronize_seqscans"),
                await ScalarAsync(cluster, "show jit"), await ScalarAsync(cluster, "show max_parallel_workers_per_gather"), await ScalarAsync(cluster, "show fsync"),
            },
            Is.EqualTo(new[] { "off", "off", "off", "0", "off" }));
    }

    [Test]
    public async Task A_directory_that_is_not_ours_is_neither_used_nor_removed()
    {
        Directory.CreateDirectory(Home);
        var theirs = Path.Combine(Home, "theirs.txt");
        await File.WriteAllTextAsync(theirs, "precious");

        var started = Assert.ThrowsAsync<CellsException>(StartAsync);
        var removed = Assert.ThrowsAsync<CellsException>(() => PrivateCluster.RemoveLeftAsync(Home, TimeProvider.System, None));

        Assert.That(started!.Message, Does.Contain(Home).And.Contains("neither empty nor"));
        Assert.That(removed!.Message, Does.Contain(Home).And.Contains("nothing was removed"));
        Assert.That(await File.ReadAllTextAsync(theirs), Is.EqualTo("precious"));
    }

    [Test]
    public void A_directory_that_the_servers_user_cannot_reach_is_refused_with_what_to_type()
    {
        if (!Environment.IsPrivilegedProcess || OperatingSystem.IsWindows())
            Assert.Ignore("Only root starts the server as another user.");
        else
            File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var error = Assert.ThrowsAsync<CellsException>(StartAsync);

        Assert.That(error!.Message, Does.Contain($"chmod o+x {_root}"));
    }

    [Test]
    public async Task An_initdb_that_was_interrupted_is_done_again()
    {
        Directory.CreateDirectory(Path.Combine(Home, "data"));
        await File.WriteAllTextAsync(Path.Combine(Home, "cells-private-cluster.unfinished"), "");
        await File.WriteAllTextAsync(Path.Combine(Home, "data", "PG_VERSION"), "15\n");

        await using var cluster = await StartAsync();

        Assert.That(await ScalarAsync(cluster, "select 'answers'"), Is.EqualTo("answers"));
    }

    [Test]
    public void The_lock_of_a_directory_names_its_holder_and_keeps_the_directorys_id()
    {
        var directory = Path.Combine(_root, "data");
        Guid id;
        using (var held = DirectoryLock.Take(directory, new SystemIds()))
        {
            id = held.Id;
            var error = Assert.Throws<CellsException>(() => DirectoryLock.Take(directory, new SystemIds()));
            Assert.That(error!.Message, Does.Contain(directory).And.Contains($"process {Environment.ProcessId}"));
        }

        using var next = DirectoryLock.Take(directory, new SystemIds());

        Assert.That(next.Id, Is.EqualTo(id));
    }

    [Test]
    public void A_copy_of_a_directory_and_one_that_was_moved_have_ids_of_their_own()
    {
        var (directory, copy, moved) = (Path.Combine(_root, "data"), Path.Combine(_root, "copy"), Path.Combine(_root, "moved"));
        Guid id;
        using (var held = DirectoryLock.Take(directory, new SystemIds()))
            id = held.Id;
        Directory.CreateDirectory(copy);
        foreach (var file in new[] { "directory.id", "directory.place" })
            File.Copy(Path.Combine(directory, file), Path.Combine(copy, file));

        using var ofCopy = DirectoryLock.Take(copy, new SystemIds());
        Directory.Move(directory, moved);
        using var ofMoved = DirectoryLock.Take(moved, new SystemIds());

        Assert.That(new[] { id, ofCopy.Id, ofMoved.Id }, Is.Unique, "who has another's id takes its leases while it lives");
    }

    /// <summary>The same test again, in a test process of a user without rights.</summary>
    [Test]
    public async Task It_works_for_a_plain_user_too()
    {
        if (!Environment.IsPrivilegedProcess || OperatingSystem.IsWindows())
            Assert.Ignore("This test process is a plain user's: the other tests are the proof.");
        const int Nobody = 65534;
        var tests = typeof(PrivateClusterTests).Assembly.Location;
        for (var parent = Directory.GetParent(tests); parent is not null; parent = parent.Parent)
            if (!parent.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                Assert.Ignore($"Another user may not read the tests: {parent.FullName} is closed.");
        var start = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])
            [
                $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", "dotnet", "vstest", tests,
                $"--TestCaseFilter:FullyQualifiedName={typeof(PrivateClusterTests).FullName}.{nameof(After_kill_9_of_its_server_it_starts_again_on_the_same_port)}",
            ])
            start.ArgumentList.Add(argument);
        var home = Directory.CreateDirectory(Path.Combine(_root, "home")).FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home, (UnixFileMode)Convert.ToInt32("777", 8));
        foreach (var name in (string[])["HOME", "DOTNET_CLI_HOME"])
            start.Environment[name] = home;

        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.That(process.ExitCode, Is.Zero, said);
        Assert.That(said, Does.Match(@"Passed:\s+1"));
    }

    private PrivateClusterOptions Options() => new(Home) { Fsync = false, MaxConnections = 20 };

    private Task<PrivateCluster> StartAsync() => PrivateCluster.StartAsync(Options(), TimeProvider.System, NullLogger.Instance, None);

    private static async Task ExecuteAsync(PrivateCluster cluster, string database, string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(cluster.ConnectionString(database)));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(PrivateCluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(cluster.ConnectionString("postgres")));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static string Unpooled(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;
}
