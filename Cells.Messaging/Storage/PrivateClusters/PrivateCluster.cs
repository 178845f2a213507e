using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cells.Contracts;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>
/// A PostgreSQL cluster of our own: its directory, its port on the loopback, its server process. The server stands in a session of its own,
/// so that neither Ctrl-C at a terminal nor the death of this process ends it; the next start on the directory finds it and takes it over.
/// </summary>
/// <remarks>
/// One process at a time may hold a directory: the caller has its <see cref="DirectoryLock"/>, or made the directory for itself. It trusts
/// whoever reaches the loopback port: a machine with users who must not read the data has a server of its own (<c>--database</c>).
/// </remarks>
public sealed class PrivateCluster : IAsyncDisposable
{
    public const string User = "cells";

    private const string Marker = "cells-private-cluster";
    private const string Unfinished = Marker + ".unfinished";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    private readonly PrivateClusterOptions _options;
    private readonly PostgresBinaries _binaries;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Postmaster? _server;
    private bool _portIsKnown;   // connection strings were given out

    private PrivateCluster(PrivateClusterOptions options, PostgresBinaries binaries, TimeProvider time, ILogger logger) =>
        (_options, _binaries, _time, _logger) = (options, binaries, time, logger);

    public string Directory => _options.Directory;

    /// <summary>Kept through <see cref="KillAsync"/> and <see cref="RestartAsync"/>, so that connection strings stay good.</summary>
    public int Port { get; private set; }

    public int? ProcessId => _server?.Pid;

    /// <summary>False once the server has ended, by itself or by somebody's hand: <see cref="RestartAsync"/> brings it back.</summary>
    public bool IsRunning => _server?.IsAlive == true;

    /// <summary>Whether the server was found running, left by a former process, and taken over.</summary>
    public bool TakenOver { get; private set; }

    private string Data => Path.Combine(Directory, "data");
    private string Log => Path.Combine(Directory, "postgres.log");

    /// <summary>Makes the cluster if the directory is new, starts it if it does not run, and returns when it answers.</summary>
    /// <exception cref="CellsException">It cannot be; the message names the reason and what to do.</exception>
    public static async Task<PrivateCluster> StartAsync(PrivateClusterOptions options, TimeProvider time, ILogger logger, CancellationToken stop)
    {
        UnixPermissions.RequireUnix();
        var full = options with { Directory = Path.GetFullPath(options.Directory) };
        var major = ReadMajor(full.Directory);
        var binaries = await PostgresBinaries.FindAsync(major, full.MayInstall, logger, stop);
        var cluster = new PrivateCluster(full, binaries, time, logger);
        cluster.PrepareDirectory();
        if (major is null)
            await cluster.InitializeAsync(stop);
        await cluster.TakeOverAsync(stop);
        if (cluster._server is null)
            await cluster.StartServerAsync(stop);
        return cluster;
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = User,
        Database = database,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <summary>Idempotent.</summary>
    /// <returns>False when it was there already.</returns>
    public async Task<bool> CreateDatabaseAsync(string name, CancellationToken stop)
    {
        await using var connection = await ConnectAsync("postgres", stop);
        await using var exists = new NpgsqlCommand("select true from pg_database where datname = @name", connection);
        exists.Parameters.AddWithValue("name", name);
        if (await exists.ExecuteScalarAsync(stop) is true)
            return false;
        await using var create = new NpgsqlCommand($"create database {Quoted(name)}", connection);
        await create.ExecuteNonQueryAsync(stop);
        return true;
    }

    /// <summary>Ends its sessions and removes it; idempotent.</summary>
    public async Task DropDatabaseAsync(string name, CancellationToken stop)
    {
        await using var connection = await ConnectAsync("postgres", stop);
        await using var drop = new NpgsqlCommand($"drop database if exists {Quoted(name)} with (force)", connection);
        await drop.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Fast stop: sessions are ended, everything is written. Idempotent.</summary>
    public async Task StopAsync(CancellationToken stop)
    {
        if (_server is not { } server)
            return;
        server.RequestFastStop();
        await WaitUntilGoneAsync(server, Directory, _time, stop);
        _server = null;
    }

    /// <summary>For chaos: the server process dies at once, as by kill -9. <see cref="RestartAsync"/> brings it back.</summary>
    public async Task KillAsync(CancellationToken stop)
    {
        if (_server is not { } server)
            return;
        server.KillAtOnce();
        await WaitUntilGoneAsync(server, Directory, _time, stop);
        _server = null;
    }

    /// <summary>Starts the server again on the same port, after <see cref="StopAsync"/>, <see cref="KillAsync"/> or its own death.</summary>
    public async Task RestartAsync(CancellationToken stop)
    {
        if (_server is { IsAlive: true })
            await StopAsync(stop);
        await StartServerAsync(stop);
    }

    /// <summary>Stops the server and removes the directory with everything in it.</summary>
    /// <exception cref="CellsException">The directory does not carry our mark: nothing was removed.</exception>
    public Task RemoveAsync(CancellationToken stop) => RemoveLeftAsync(Directory, _time, stop);

    /// <summary>The same for a cluster that a former process left, whether its server runs or not.</summary>
    /// <exception cref="CellsException">The directory does not carry our mark: nothing was removed.</exception>
    public static async Task RemoveLeftAsync(string directory, TimeProvider time, CancellationToken stop)
    {
        if (!IsOurs(directory))
            throw new CellsException($"{directory} does not carry the mark '{Marker}': it was not made here, and nothing was removed.");
        if (Postmaster.Find(Path.Combine(directory, "data")) is { } running)
        {
            running.RequestFastStop();
            await WaitUntilGoneAsync(running, directory, time, stop);
        }
        // The mark goes last: a removal that was interrupted can be done again.
        if (System.IO.Directory.Exists(Path.Combine(directory, "data")))
            System.IO.Directory.Delete(Path.Combine(directory, "data"), recursive: true);
        System.IO.Directory.Delete(directory, recursive: true);
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private static int? ReadMajor(string directory)
    {
        var path = Path.Combine(directory, "data", "PG_VERSION");
        // initdb writes this file early; whether it came to its end, our mark says.
        return File.Exists(Path.Combine(directory, Marker)) && File.Exists(path)
            ? int.Parse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>Ours or empty, and reachable for the user that the server runs as.</summary>
    private void PrepareDirectory()
    {
        if (System.IO.Directory.Exists(Directory))
        {
            if (!IsOurs(Directory) && System.IO.Directory.EnumerateFileSystemEntries(Directory).Any())
                throw new CellsException(
                    $"{Directory} is neither empty nor a private cluster of ours: nothing in it was touched. Choose another directory.");
        }
        else
        {
            System.IO.Directory.CreateDirectory(Directory);
        }
        if (!Environment.IsPrivilegedProcess)
            return;
        UnixPermissions.Set(Directory, new DirectoryInfo(Directory).UnixFileMode | UnixFileMode.OtherExecute);
        for (var parent = System.IO.Directory.GetParent(Directory); parent is not null; parent = parent.Parent)
            if (!parent.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                throw new CellsException(
                    $"PostgreSQL does not run as root, and its user 'postgres' may not enter {parent.FullName}, which {Directory} is in. "
                    + $"Choose a data directory elsewhere, or allow it with: chmod o+x {parent.FullName}");
    }

    // "Unfinished" is written before anything else: a directory that holds it is ours although initdb was interrupted.
    private static bool IsOurs(string directory) =>
        File.Exists(Path.Combine(directory, Marker)) || File.Exists(Path.Combine(directory, Unfinished));

    private async Task InitializeAsync(CancellationToken stop)
    {
        await File.WriteAllTextAsync(Path.Combine(Directory, Unfinished), "", stop);
        if (System.IO.Directory.Exists(Data))
            System.IO.Directory.Delete(Data, recursive: true);   // what an interrupted initdb left
        UnixPermissions.CreateDirectory(Data, UnixPermissions.Owner);
        if (Environment.IsPrivilegedProcess)
            await ChildProcess.RunAsync("chown", ["postgres:postgres", Data], stop);
        var initdb = AsServerUser(
        [
            _binaries.Initdb, "-D", Data, "-U", User, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
            .. _options.Fsync ? Array.Empty<string>() : ["--no-sync"],
        ]);
        await ChildProcess.RunAsync(initdb[0], initdb[1..], stop);
        File.Move(Path.Combine(Directory, Unfinished), Path.Combine(Directory, Marker));
    }

    private async Task TakeOverAsync(CancellationToken stop)
    {
        if (Postmaster.Find(Data) is not { } running)
            return;
        (_server, Port, _portIsKnown) = (running, running.Port, true);
        await WaitUntilAnswersAsync(running, _time.GetTimestamp(), stop);
        if (await DiffersAsync(stop) is { } difference)
        {
            StorageTelemetry.ClusterRestarted(_logger, Directory, difference);
            await StopAsync(stop);
            return;
        }
        TakenOver = true;
        StorageTelemetry.ClusterTakenOver(_logger, Directory, running.Pid, running.Port);
    }

    /// <summary>What the running server was started with and we want otherwise, such as room for more cells.</summary>
    private async Task<string?> DiffersAsync(CancellationToken stop)
    {
        await using var connection = await ConnectAsync("postgres", stop);
        foreach (var (name, wanted) in _options.Settings())
        {
            await using var show = new NpgsqlCommand("select current_setting(@name)", connection);
            show.Parameters.AddWithValue("name", name);
            var now = (string)(await show.ExecuteScalarAsync(stop))!;
            if (now != wanted)
                return $"{name} is {now}, wanted {wanted}";
        }
        return null;
    }

    private async Task StartServerAsync(CancellationToken stop)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            if (Port == 0)
                Port = FreePort();
            var logged = File.Exists(Log) ? new FileInfo(Log).Length : 0;
            if (await TryStartServerAsync(began, stop) is { } server)
            {
                _server = server;
                StorageTelemetry.ClusterStarted(_logger, Directory, server.Pid, server.Port);
                return;
            }
            var complaint = ReadLog(logged);
            if (complaint.Contains("could not bind", StringComparison.Ordinal) && !_portIsKnown)
                Port = 0;   // somebody was quicker; nobody has heard of this port yet
            else if (!MayPass(complaint) || _time.GetElapsedTime(began) > _options.StartTimeout)
                throw new CellsException(
                    $"The private PostgreSQL in {Directory} did not start: {ChildProcess.LastLines(complaint)}\nIts log is {Log}.");
            await Task.Delay(Poll * 4, _time, stop);
        }
    }

    // After a SIGKILL the old backends hold the memory segment until they have noticed; a port may be in TIME_WAIT.
    private static bool MayPass(string complaint) =>
        complaint.Contains("still in use", StringComparison.Ordinal)
        || complaint.Contains("could not bind", StringComparison.Ordinal)
        || complaint.Contains("lock file", StringComparison.Ordinal);

    /// <returns>Null when the process ended before it answered: the log says why.</returns>
    private async Task<Postmaster?> TryStartServerAsync(long began, CancellationToken stop)
    {
        List<string> server = [_binaries.Postgres, "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture)];
        foreach (var (name, value) in _options.Settings())
            server.AddRange(["-c", $"{name}={value}"]);
        // Every program of this chain replaces the former, so the child is the server itself. The shell gives it a log that outlives us
        // (a pipe would break with this process), setsid a session that the terminal's Ctrl-C does not reach.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = "/" };
        foreach (var argument in (string[])["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", Log, "setsid", .. AsServerUser(server)])
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = ChildProcess.Start(start);
        while (!process.HasExited)
        {
            if (Postmaster.Find(Data) is { } running && running.Pid == process.Id && await AnswersAsync(stop))
            {
                _portIsKnown = true;
                return running;
            }
            if (_time.GetElapsedTime(began) > _options.StartTimeout)
                throw new CellsException($"The private PostgreSQL in {Directory}, process {process.Id}, did not answer within {_options.StartTimeout}. Its log is {Log}.");
            await Task.Delay(Poll, _time, stop);
        }
        return null;
    }

    private async Task WaitUntilAnswersAsync(Postmaster server, long began, CancellationToken stop)
    {
        while (!await AnswersAsync(stop))
        {
            if (!server.IsAlive || _time.GetElapsedTime(began) > _options.StartTimeout)
                throw new CellsException(
                    $"The PostgreSQL found running in {Directory}, process {server.Pid}, does not answer on port {server.Port}. "
                    + $"Its log is {Log}; end it with: kill -INT {server.Pid}");
            await Task.Delay(Poll, _time, stop);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken stop)
    {
        try
        {
            await using var connection = await ConnectAsync("postgres", stop);
            return true;
        }
        catch (NpgsqlException error) when (error is not PostgresException refused || refused.SqlState == PostgresErrorCodes.CannotConnectNow)
        {
            return false;   // not listening yet, or still recovering
        }
    }

    private static async Task WaitUntilGoneAsync(Postmaster server, string directory, TimeProvider time, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (server.IsAlive)
        {
            if (time.GetElapsedTime(began) > StopTimeout)
                throw new CellsException($"The private PostgreSQL in {directory}, process {server.Pid}, did not end within {StopTimeout}. End it with: kill -QUIT {server.Pid}");
            await Task.Delay(Poll, time, stop);
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(string database, CancellationToken stop)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString(database)) { Pooling = false, Timeout = 5 }.ConnectionString);
        try
        {
            await connection.OpenAsync(stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static List<string> AsServerUser(IEnumerable<string> command) => Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", .. command]
        : [.. command];

    private string ReadLog(long from)
    {
        if (!File.Exists(Log))
            return "";
        using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = from;
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
