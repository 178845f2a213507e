using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Cells.UnitTests")]
[assembly: InternalsVisibleTo("Cells.IntegrationTests")]
[assembly: InternalsVisibleTo("Cells.Benchmarks")]
