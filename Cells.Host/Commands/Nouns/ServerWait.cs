using System.Text.Json.Nodes;
using Cells.Host.Clients;

namespace Cells.Host.Commands.Nouns;

/// <summary>Looks at a server until something is over, and tells each change of what it sees.</summary>
internal sealed class ServerWait(CloudClient cloud, TimeProvider time, Action<string> tell, TimeSpan lookEvery)
{
    public async Task<ExitCode> UntilDeletedAsync(string id, TimeSpan patience, CancellationToken stop)
    {
        var (began, told) = (time.GetTimestamp(), "");
        while (true)
        {
            var server = await cloud.GetAsync("cells", $"/servers/{id}", stop);
            if (Progress(server) is var now && now != told)
                tell($"server {id}: {told = now}");
            if ((string)server["vm_state"]! == "deleted")
                return ExitCode.Done;
            if (time.GetElapsedTime(began) > patience)
            {
                tell($"server {id}: not gone after {patience.TotalSeconds:0} s. The delete goes on: `cells server explain {id}` and `cells task list` tell where it is.");
                return ExitCode.TimedOut;
            }
            await Task.Delay(lookEvery, time, stop);
        }
    }

    internal static string Progress(JsonNode server)
    {
        var task = (string?)server["task_state"];
        var step = (string?)server["step"];
        var silent = (bool)server["silent"]! ? $", its cell {server["cell"] ?? server["asked"]} is silent" : "";
        return $"{(task ?? (string)server["vm_state"]!)}{(step is null ? "" : $", step {step}")}{silent}";
    }
}
