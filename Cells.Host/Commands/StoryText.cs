using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Cells.Host.Commands;

/// <summary>An explanation as the admin API gives it, told for people.</summary>
internal static class StoryText
{
    public static string Tell(JsonNode story)
    {
        var text = new StringBuilder($"server {story["server"]}: {story["state"]}\n");
        if ((string?)story["fault"] is { } fault)
            text.AppendLine(fault);
        foreach (var step in story["steps"]!.AsArray())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  epoch {step!["epoch"]}  {step["text"]}");
            if (step["why"] is { } why)
                Why(text, why);
        }
        return text.ToString().TrimEnd();
    }

    private static void Why(StringBuilder text, JsonNode why)
    {
        foreach (var removed in why["removed"]?.AsArray() ?? [])
            text.AppendLine(CultureInfo.InvariantCulture, $"      {removed!["filter"]} removed {removed["count"]}: {string.Join("; ", removed["examples"]!.AsArray())}");
        if (why["silent"]?.AsArray() is { Count: > 0 } silent)
            text.AppendLine(CultureInfo.InvariantCulture, $"      silent: {string.Join(", ", silent)}");
        foreach (var best in why["best"]?.AsArray() ?? [])
            text.AppendLine(CultureInfo.InvariantCulture,
                $"      {best!["name"]}  score {(double)best["score"]!:0.000}  ({string.Join(", ", best["parts"]!.AsArray().Select(p => $"{p!["weigher"]} {(double)p["multiplier"]!:0.##} x {(double)p["value"]!:0.###}"))})");
    }
}
