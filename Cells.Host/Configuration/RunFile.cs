using System.Net;
using Cells.Contracts;
using Cells.Host.Up;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cells.Host.Configuration;

/// <summary>
/// What `cells run` is told: some cells of a tree over servers that are there already. Nothing is simulated and nothing is started for it. Neighbours in
/// other processes are reached over RabbitMQ.
/// </summary>
/// <param name="Path">Of the file itself.</param>
/// <param name="Database">Connection string, its password included: never shown whole.</param>
/// <param name="Bus">The broker where this file's cells hear; null: all cells are in this process.</param>
/// <param name="Join">File of the token with which this process joins its parent.</param>
/// <param name="Url">How clients and the cells below reach the door.</param>
internal sealed record RunFile(string Path, string Data, string Database, Uri? Bus, string? Join, IPEndPoint Listen, string? Url, Topology Topology)
{
    /// <summary>What this process writes to standard error; `--log-level` wins over the file.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <exception cref="CellsException">The file is wrong; the message names line, key and what is valid.</exception>
    public static RunFile Read(string path)
    {
        var file = ConfigurationFile.Read(path);
        file.AllowOnly(file.Root, "the configuration", "data", "database", "database_password_file", "bus", "join", "listen", "url", "log_level", "cells");
        var topology = Topology.ReadPart(file);
        if (topology.Cells.FirstOrDefault(c => c.SimulatedHosts > 0 || c.SimulatedPools.Count > 0) is { } simulated)
            throw file.Error(file.Root, $"cell '{simulated.Name}' has simulated hosts: `cells run` runs real ones only. Use `cells up` for simulated hosts, or name the cell's 'hosts'.");
        var bus = Optional("bus") is { } broker ? BusChoice.ParseBroker(broker, $"{path}, key 'bus'") : null;
        if (bus is null && topology.Cells.FirstOrDefault(c => c.ChildrenElsewhere.Count > 0 || topology.HasParentElsewhere(c)) is { } far)
            throw file.Error(file.Root, $"cell '{far.Name}' has neighbours in other processes, and key 'bus' is missing: the broker where this file's cells hear, such as amqp://broker1:5672.");
        return new RunFile(
            path,
            file.Text(file.Require(file.Root, "data", "the configuration"), "'data'"),
            ReadDatabase(file),
            bus,
            Optional("join"),
            UpOptions.ParseListen(Optional("listen") ?? UpOptions.DefaultListen),
            Optional("url")?.TrimEnd('/'),
            topology)
        {
            LogLevel = ReadLogLevel(file),
        };

        string? Optional(string key) => ConfigurationFile.Find(file.Root, key) is { } node ? file.Text(node, $"'{key}'") : null;
    }

    /// <exception cref="CellsException">The file names no broker.</exception>
    public Uri BrokerOfOwnCells() => Bus ?? throw new CellsException($"{Path}: key 'bus' is missing: no cell of another process can join without a broker.");

    private static LogLevel ReadLogLevel(ConfigurationFile file)
    {
        if (ConfigurationFile.Find(file.Root, "log_level") is not { } node)
            return LogLevel.Information;
        var word = file.Text(node, "'log_level'");
        return LogLevels.Words.Contains(word, StringComparer.Ordinal)
            ? LogLevels.Of(word)
            : throw file.Error(node, $"'log_level' must be one of {string.Join(", ", LogLevels.Words)}, not '{word}'.");
    }

    private static string ReadDatabase(ConfigurationFile file)
    {
        var node = file.Require(file.Root, "database", "the configuration");
        try
        {
            var database = new NpgsqlConnectionStringBuilder(file.Text(node, "'database'"));
            if (ConfigurationFile.Find(file.Root, "database_password_file") is { } password)
                database.Password = SecretText.Read(file.Text(password, "'database_password_file'"), "The database's password");
            return database.ConnectionString;
        }
        catch (ArgumentException error)
        {
            throw file.Error(node, $"'database' is not a connection string of PostgreSQL ({error.Message}). Example: Host=db1;Username=cells;Database=postgres");
        }
    }
}
