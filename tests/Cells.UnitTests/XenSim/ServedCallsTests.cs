using Cells.Compute.XenApi;
using Cells.XenSim.Core.Calls;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class ServedCallsTests
{
    [Test]
    public void Every_call_that_the_client_makes_is_simulated()
    {
        Assert.Multiple(() =>
        {
            foreach (var call in XenCalls.All)
            {
                var method = MethodTable.Instance.Find(call.Name);
                Assert.That(method?.Handler, Is.Not.Null, $"{call.Name} has no handler");
                Assert.That(method?.Definition.HasAsync, Is.EqualTo(call.HasAsync), $"{call.Name}: asynchronous form");
                Assert.That(method?.Definition.TakesSession, Is.EqualTo(call.TakesSession), $"{call.Name}: session");
            }
        });
    }
}
