using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

// Runs `cells bench <name> ...` and keeps its figures, with the machine and the commit they are of, in results/.
// Usage: dotnet run -c Release --project tests/Cells.Benchmarks -- placement|boot [options of the command]
if (args.Length == 0)
{
    await Console.Error.WriteLineAsync("Name a benchmark: placement or boot, and its options (see `cells bench --help`).");
    return 2;
}
var root = AppContext.BaseDirectory;
while (!File.Exists(Path.Combine(root, "Cells.sln")))
    root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException($"Cells.sln is in no directory above {AppContext.BaseDirectory}.");

var (code, answer) = await RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "cells.dll"), "bench", .. args, "-o", "json"]);
if (code != 0)
    return code;
var now = DateTimeOffset.UtcNow;
var result = new JsonObject
{
    ["benchmark"] = args[0],
    ["commit"] = (await RunAsync("git", ["-C", root, "describe", "--always", "--dirty"])).Output.Trim(),
    ["taken_at"] = now.ToString("yyyy-MM-dd'T'HH:mm'Z'"),
    ["machine"] = $"{Environment.ProcessorCount} x {Cpu()}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, .NET {Environment.Version}",
    ["load_after"] = string.Join(' ', (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ').Take(3)),
    ["figures"] = JsonNode.Parse(answer),
};
var file = Path.Combine(root, "tests", "Cells.Benchmarks", "results", $"{args[0]}-{now:yyyyMMdd-HHmm}.json");
Directory.CreateDirectory(Path.GetDirectoryName(file)!);
await File.WriteAllTextAsync(file, result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
Console.WriteLine($"{answer}\n{file}");
return 0;

static string Cpu() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU";

static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments)
{
    using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
    var output = await process.StandardOutput.ReadToEndAsync();
    await process.WaitForExitAsync();
    return (process.ExitCode, output.TrimEnd());
}
