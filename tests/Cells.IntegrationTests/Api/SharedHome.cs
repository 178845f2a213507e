using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>One home for the tests of this namespace: each test works in projects and with names of its own.</summary>
[SetUpFixture]
internal sealed class SharedHome
{
    public static HomeServer Home { get; private set; } = null!;

    [OneTimeSetUp]
    public static async Task Begin() => Home = await HomeServer.StartAsync();

    [OneTimeTearDown]
    public static async Task End()
    {
        if (Home is not null)
            await Home.DisposeAsync();
    }
}
