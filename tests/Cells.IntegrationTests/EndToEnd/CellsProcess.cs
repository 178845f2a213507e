using System.Diagnostics;
using System.Text;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>One running `cells` process of several, up to its line that begins with a given word.</summary>
internal sealed class CellsProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(2), EndWithin = TimeSpan.FromMinutes(1);

    private readonly StringBuilder _said = new();
    private readonly string[] _words;
    private Process _process;

    private CellsProcess(string[] words, Process process) => (_words, _process) = (words, process);

    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>Over all its lives.</summary>
    public int TimesSaid(string word) => Said.Split(word).Length - 1;

    public static async Task<CellsProcess> StartAsync(string readyWord, params string[] words)
    {
        var started = new CellsProcess(words, Launch(words));
        await started.ReadyAsync(readyWord);
        return started;
    }

    /// <summary>kill -9, and the same words again.</summary>
    public async Task KillAndRestartAsync(string readyWord)
    {
        await KillAsync();
        await RestartAsync(readyWord);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>It stands still, with everything open, as a machine that swaps.</summary>
    public void Pause() => ProcessIdentity.Find(_process.Id)!.Pause();

    public void Continue() => ProcessIdentity.Find(_process.Id)!.Continue();

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndedAsync()
    {
        using var limit = new CancellationTokenSource(EndWithin);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>The same words again, after its death.</summary>
    public async Task RestartAsync(string readyWord)
    {
        _process.Dispose();
        _process = Launch(_words);
        await ReadyAsync(readyWord);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    /// <summary>SIGTERM, as a service manager ends it, and waits for its end; <see cref="RestartAsync"/> may follow.</summary>
    public async Task StopAsync()
    {
        if (_process.HasExited)
            return;
        ProcessIdentity.Find(_process.Id)?.RequestTermination();
        using var limit = new CancellationTokenSource(EndWithin);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            Assert.Fail($"`cells {string.Join(' ', _words)}` did not end within {EndWithin} of SIGTERM. It said:\n{Said}");
        }
    }

    private static Process Launch(string[] words)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(CellsUp.Executable);
        foreach (var word in words)
            start.ArgumentList.Add(word);
        return Process.Start(start)!;
    }

    private async Task ReadyAsync(string word)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = ReadAsync(_process.StandardOutput, word, ready);
        _ = ReadAsync(_process.StandardError, word, ready);
        var exited = _process.WaitForExitAsync();
        if (await Task.WhenAny(ready.Task, exited, Task.Delay(ReadyWithin)) != ready.Task)
        {
            _process.Kill();
            Assert.Fail($"`cells {string.Join(' ', _words)}` was not ready within {ReadyWithin}. It said:\n{Said}");
        }
    }

    private async Task ReadAsync(StreamReader from, string word, TaskCompletionSource ready)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (_said)
                _said.AppendLine(line);
            if (line.Contains(word, StringComparison.Ordinal))
                ready.TrySetResult();
        }
    }
}
