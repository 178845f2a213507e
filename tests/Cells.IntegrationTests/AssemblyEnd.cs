using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests;

/// <summary>Runs after the last test of the assembly's namespaces.</summary>
[SetUpFixture]
public sealed class AssemblyEnd
{
    [OneTimeTearDown]
    public async Task RemoveTheServers()
    {
        await EndToEnd.StockClient.EndAsync();
        await TestBroker.RemoveAsync();
        await TestCluster.RemoveAsync();
    }
}
