using Cells.Scheduler.Capacity;
using NUnit.Framework;

namespace Cells.UnitTests.Scheduler;

public sealed class XenMemoryOverheadTests
{
    [TestCase(1, 1024, 12)]
    [TestCase(4, 8192, 71)]
    public void Overhead_is_what_xapi_computes(int vcpus, long memoryMib, long expected) =>
        Assert.That(XenMemoryOverhead.Mib(vcpus, memoryMib), Is.EqualTo(expected));
}
