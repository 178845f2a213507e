using NUnit.Framework;

// A new fixture instance per test: no test sees what another left in a field.
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

// Most of these tests wait for a server of their own. Fixtures that share one (the default tree, the broker, the home's dispatcher) or load the machine are
// marked NonParallelizable.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(4)]
