using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>What carries the messages of a shared tree.</summary>
public enum TreeBus
{
    InProcess = 1,
    RabbitMq = 2,
}

/// <summary>One default tree over each bus for all tests that need no other: each start costs seconds. Made at first use, gone after the last test.</summary>
[SetUpFixture]
public sealed class SharedTree
{
    private static readonly Dictionary<TreeBus, SharedTree> Trees = Enum.GetValues<TreeBus>().ToDictionary(bus => bus, _ => new SharedTree());

    private string? _data;
    private CellsUp? _up;

    internal static Task<CellsUp> UpAsync() => UpAsync(TreeBus.InProcess);

    /// <summary>The tree over that bus; one that a test has ended is started again on its directory.</summary>
    internal static async Task<CellsUp> UpAsync(TreeBus bus)
    {
        TestCluster.RequirePostgres();
        if (bus == TreeBus.RabbitMq)
            TestBroker.RequireRabbitMq();
        var tree = Trees[bus];
        tree._data ??= TestCluster.NewDirectory();
        return tree._up is { Process.HasExited: false } ? tree._up : tree._up = await CellsUp.StartAsync(tree._data, OptionsOf(bus));
    }

    [OneTimeTearDown]
    public Task EndAllAsync() => Task.WhenAll(Trees.Values.Select(tree => tree.EndAsync()));

    /// <summary>Over RabbitMQ the same cells with fewer hosts: what it is there for is the way between the cells.</summary>
    private static string[] OptionsOf(TreeBus bus) => bus == TreeBus.RabbitMq ? ["--bus", "rabbitmq", "--hosts", "2"] : [];

    private async Task EndAsync()
    {
        if (_up is not null)
            await _up.DisposeAsync();
        if (_data is not null)
            await CellsUp.RemoveAsync(_data);
    }
}
