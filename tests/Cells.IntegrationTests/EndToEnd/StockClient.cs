using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Cells.TestKit;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>
/// Debian's unmodified openstack client, loaded once: each command runs in a fork of the loaded program, with arguments, environment, output and exit code of its
/// own. Loading takes the client three times as long as asking; a test that asks forty things would mostly wait for that.
/// </summary>
internal sealed class StockClient
{
    // The program of /usr/bin/openstack is openstackclient.shell.main; what it loads with its first command of each service is loaded before.
    private const string Program = """
        import json, os, sys
        from openstackclient import shell
        import openstack.connection, keystoneauth1.loading, novaclient.client, novaclient.v2.client
        import openstackclient.compute.client, openstackclient.identity.client, openstackclient.image.client, openstackclient.network.client

        for line in sys.stdin:
            asked = json.loads(line)
            child = os.fork()
            if child == 0:
                for number, path in ((0, '/dev/null'), (1, asked['out']), (2, asked['error'])):
                    os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
                os.environ.update(asked['environment'])
                try:
                    code = shell.main(asked['arguments'])
                except SystemExit as end:
                    code = end.code
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code or 0)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        """;

    private static readonly Lazy<StockClient> Loaded = new(() => new StockClient());

    private readonly SemaphoreSlim _turn = new(1);
    private readonly string _directory = TestCluster.NewDirectory();
    private readonly Process _process;

    private StockClient()
    {
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Program);
        // A tree whose openrc the developer has sourced is none of ours.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("OS_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        _process = Process.Start(start)!;
    }

    /// <param name="environment">The OS_* variables.</param>
    public static async Task<Ended> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var client = Loaded.Value;
        await client._turn.WaitAsync();
        try
        {
            return await client.RunInTurnAsync(arguments, environment);
        }
        finally
        {
            client._turn.Release();
        }
    }

    /// <summary>At the end of the assembly. Nothing happens when nobody asked for it.</summary>
    public static async Task EndAsync()
    {
        if (!Loaded.IsValueCreated)
            return;
        Loaded.Value._process.StandardInput.Close();                     // its loop ends
        await Loaded.Value._process.WaitForExitAsync();
        Directory.Delete(Loaded.Value._directory, recursive: true);
    }

    private async Task<Ended> RunInTurnAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var (said, complained) = (Path.Combine(_directory, $"{Guid.NewGuid():N}.out"), Path.Combine(_directory, $"{Guid.NewGuid():N}.error"));
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { arguments, environment, @out = said, error = complained }));
        await _process.StandardInput.FlushAsync();
        var code = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The loaded openstack client has ended; its reason is on standard error.");
        return new Ended(int.Parse(code, CultureInfo.InvariantCulture), await File.ReadAllTextAsync(said), await File.ReadAllTextAsync(complained));
    }
}
