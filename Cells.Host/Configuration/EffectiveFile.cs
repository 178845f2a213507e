using System.Text;
using Npgsql;

namespace Cells.Host.Configuration;

/// <summary>A configuration as `cells run` understands it, in YAML again.</summary>
internal static class EffectiveFile
{
    private const string Hidden = "***";

    /// <param name="withDefaults">Keys that the file leaves out are there too, marked as defaults.</param>
    public static string Of(RunFile run, ConfigurationFile file, bool withDefaults)
    {
        var text = new StringBuilder();
        Line("data", run.Data, null);
        Line("database", Shown(run.Database), null);
        Line("bus", run.Bus?.GetLeftPart(UriPartial.Authority), "in this process's memory");
        Line("join", run.Join, "no token");
        Line("listen", $"{run.Listen}", "default");
        Line("url", run.Url ?? $"http://{run.Listen}", "default: as listen");
        Line("log_level", LogLevels.Word(run.LogLevel), "default");
        text.AppendLine("cells:");
        foreach (var cell in run.Topology.Cells)
            Add(text, cell, withDefaults);
        return text.ToString();

        void Line(string key, string? value, string? otherwise)
        {
            var given = ConfigurationFile.Find(file.Root, key) is not null;
            if (given)
                text.AppendLine($"{key}: {value}");
            else if (withDefaults)
                text.AppendLine(value is null ? $"# {key}: {otherwise}" : $"{key}: {value}   # {otherwise}");
        }
    }

    private static void Add(StringBuilder text, TopologyCell cell, bool withDefaults)
    {
        text.AppendLine($"  - name: {cell.Name}");
        text.AppendLine($"    kind: {Topology.KindWord(cell.Kind)}");
        if (cell.Parent is { } parent)
            text.AppendLine($"    parent: {parent}");
        if (cell.ChildrenElsewhere.Count > 0)
            text.AppendLine($"    children: [{string.Join(", ", cell.ChildrenElsewhere)}]");
        if (cell.Hosts.Count == 0)
            return;
        if (withDefaults || cell.Zone != TopologyCell.DefaultZone)
            text.AppendLine($"    zone: {cell.Zone}");
        text.AppendLine("    hosts:");
        foreach (var host in cell.Hosts)
        {
            text.AppendLine($"      - url: {host.Url.GetLeftPart(UriPartial.Authority)}");
            text.AppendLine($"        user: {host.User}");
            text.AppendLine($"        password_file: {host.PasswordFile}");
            if (host.Members.Count > 0)
                text.AppendLine($"        members: [{string.Join(", ", host.Members.Select(member => member.GetLeftPart(UriPartial.Authority)))}]");
        }
    }

    private static string Shown(string connection)
    {
        var database = new NpgsqlConnectionStringBuilder(connection);
        if (!string.IsNullOrEmpty(database.Password))
            database.Password = Hidden;
        return database.ConnectionString;
    }
}
