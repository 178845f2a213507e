using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>One default tree for all tests that need no other: each start costs seconds. Made at first use, gone after the last test.</summary>
[SetUpFixture]
public sealed class SharedTree
{
    private static string? _data;
    private static CellsUp? _up;

    internal static async Task<CellsUp> UpAsync()
    {
        TestCluster.RequirePostgres();
        _data ??= TestCluster.NewDirectory();
        return _up is { Process.HasExited: false } ? _up : _up = await CellsUp.StartAsync(_data);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_up is not null)
            await _up.DisposeAsync();
        if (_data is not null)
            await CellsUp.RemoveAsync(_data);
    }
}
