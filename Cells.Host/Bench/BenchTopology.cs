using System.Text;

namespace Cells.Host.Bench;

/// <summary>The tree of a benchmark that starts one: an API cell, and compute cells right below it.</summary>
internal static class BenchTopology
{
    public static string OfCells(int cells, int hostsPerCell)
    {
        var text = new StringBuilder("cells:\n  - { name: global, kind: api }\n");
        for (var i = 1; i <= cells; i++)
            text.AppendLine($"  - {{ name: cell-{i}, kind: compute, parent: global, simulated_hosts: {hostsPerCell} }}");
        return text.ToString();
    }
}
