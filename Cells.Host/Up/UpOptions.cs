using System.Globalization;
using System.Net;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Configuration;
using Cells.Host.Observability;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Up;

/// <param name="Database">Connection string of a PostgreSQL server where databases may be made; null: a private cluster.</param>
/// <param name="Latency">Of the simulated hosts' calls: instant or realistic.</param>
internal sealed record UpOptions(string Data, string? TopologyFile, IPEndPoint Listen, string? Database, BusChoice Bus, int HostsPerCell, string Latency)
{
    /// <summary>Where traces, metrics and logs go; null: nowhere.</summary>
    public OtlpTarget? Otlp { get; init; }

    public const string DefaultListen = "127.0.0.1:8774";
    public const int DefaultHosts = 8;
    public const string DefaultLatency = "instant";

    /// <summary>What is written of `up` on standard error.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>The command that starts the same again. A database's connection string, which may hold a password, stands there as URL.</summary>
    /// <param name="directory">The data directory, whole.</param>
    public string Words(string directory) => StartWords.Of(
        "cells up",
        ("--data", directory),
        ("--topology", TopologyFile is null ? null : Path.GetFullPath(TopologyFile)),
        ("--listen", $"{Listen}" == DefaultListen ? null : $"{Listen}"),
        ("--database", Database is null ? null : "URL"),
        ("--bus", Bus.UsesRabbitMq ? $"{Bus}" : null),
        ("--hosts", HostsPerCell == DefaultHosts ? null : HostsPerCell.ToString(CultureInfo.InvariantCulture)),
        ("--latency", Latency == DefaultLatency ? null : Latency));

    /// <exception cref="CellsException">The text is no HOST:PORT.</exception>
    public static IPEndPoint ParseListen(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            && IPAddress.TryParse(text[..colon] == "localhost" ? "127.0.0.1" : text[..colon].Trim('[', ']'), out var address)
            ? new IPEndPoint(address, port)
            : throw new CellsException($"--listen '{text}' is not HOST:PORT with an address of this machine, such as {DefaultListen} (port 0 chooses a free one).");
    }
}
