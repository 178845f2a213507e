using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;
using Cells.Messaging.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cells.Messaging;

/// <summary>What one cell is made of. Everything that a stepped world must hold in its hands is handed in.</summary>
public sealed record CellRuntimeOptions
{
    /// <summary>Unique in the tree; names route.</summary>
    public required CellName Name { get; init; }

    /// <summary>Never changes, whatever the cell is called: pools and VMs are stamped with it.</summary>
    public required Guid Id { get; init; }

    public required CellKind Kind { get; init; }

    /// <summary>Of the cell's own database, which exists.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Schema files, <see cref="SqlSource.Messaging"/> first. Empty: the database has its schema already.</summary>
    public required IReadOnlyList<SqlSource> Migrations { get; init; }

    public required IReadOnlyList<Neighbour> Neighbours { get; init; }

    public required ITransport Transport { get; init; }

    public required ILinkKeys Keys { get; init; }

    public required IDispatcher Dispatcher { get; init; }

    public required TimeProvider Time { get; init; }

    public required IIdSource Ids { get; init; }

    /// <summary>Of everything in the cell that is left to chance; see <see cref="CellRuntime.NewRandom"/>.</summary>
    public required int Seed { get; init; }

    public IDatabaseGate Gate { get; init; } = OpenGate.Instance;

    public CommitterOptions Committer { get; init; } = new();

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>
    /// What tells this database from another past of it. Null: PostgreSQL is asked for its system identifier and timeline. A stepped world
    /// names it, because it travels in the hello and the same seed must give the same bytes.
    /// </summary>
    public string? DatabasePast { get; init; }

    /// <summary>For a cell that another machine may start too. Null: this process is the only one that can.</summary>
    public ProcessLease? ProcessLease { get; init; }

    internal LinkHooks LinkHooks { get; init; } = LinkHooks.None;
}
