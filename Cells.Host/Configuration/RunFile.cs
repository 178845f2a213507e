using System.Net;
using Cells.Contracts;
using Cells.Host.Up;

namespace Cells.Host.Configuration;

/// <summary>What `cells run` is told: a tree over servers that are there already. Nothing is simulated and nothing is started for it.</summary>
internal sealed record RunFile(string Data, string Database, IPEndPoint Listen, Topology Topology)
{
    /// <exception cref="CellsException">The file is wrong; the message names line, key and what is valid.</exception>
    public static RunFile Read(string path)
    {
        var file = ConfigurationFile.Read(path);
        file.AllowOnly(file.Root, "the configuration", "data", "database", "listen", "cells");
        var topology = Topology.Read(file, hostsPerCell: 0);
        if (topology.Cells.FirstOrDefault(c => c.SimulatedHosts > 0 || c.SimulatedPools.Count > 0) is { } simulated)
            throw file.Error(file.Root, $"cell '{simulated.Name}' has simulated hosts: `cells run` runs real ones only. Use `cells up` for simulated hosts, or name the cell's 'hosts'.");
        return new RunFile(
            file.Text(file.Require(file.Root, "data", "the configuration"), "'data'"),
            file.Text(file.Require(file.Root, "database", "the configuration"), "'database'"),
            UpOptions.ParseListen(ConfigurationFile.Find(file.Root, "listen") is { } listen ? file.Text(listen, "'listen'") : UpOptions.DefaultListen),
            topology);
    }
}
