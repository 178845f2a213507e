using System.Globalization;
using System.Text;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Transports.PrivateBrokers;

/// <summary>
/// A process of a private node, found again by the pid that its shell wrote before it became the server, and proved by its environment, which
/// names the node's directory.
/// </summary>
internal sealed record ServerProcess(ProcessIdentity Process, IReadOnlyDictionary<string, string> Environment)
{
    public int Pid => Process.Pid;

    public bool IsAlive => Process.IsAlive;

    /// <param name="proof">A variable and its value that no other process has.</param>
    /// <returns>Null when it does not run.</returns>
    public static ServerProcess? Find(string pidFile, (string Name, string Value) proof) =>
        int.TryParse(Encoding.UTF8.GetString(Read(pidFile)).Trim(), CultureInfo.InvariantCulture, out var pid) ? Find(pid, proof) : null;

    public static ServerProcess? Find(int pid, (string Name, string Value) proof)
    {
        if (ProcessIdentity.Find(pid) is not { } process)
            return null;
        var environment = new Dictionary<string, string>();
        foreach (var variable in Encoding.UTF8.GetString(Read($"/proc/{pid}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries))
            environment[variable.Split('=')[0]] = variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..];
        return environment.GetValueOrDefault(proof.Name) == proof.Value ? new ServerProcess(process, environment) : null;
    }

    public int Number(string variable) => int.Parse(Environment[variable], CultureInfo.InvariantCulture);

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];   // not there, gone while it was read, or another user's: nothing can be said about it
        }
    }
}
