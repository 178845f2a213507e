using Cells.Api;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cells.IntegrationTests.Api;

/// <summary>Another node of the same cell: the same database and directories, a committer of its own.</summary>
internal sealed class SecondNode : IAsyncDisposable
{
    private readonly ActorSystem _system = new("second", new ThreadPoolDispatcher(), TimeProvider.System);
    private readonly Committer _committer;
    private readonly CellDatabase _reads;

    public SecondNode(HomeServer first)
    {
        var ids = new SystemIds();
        _committer = new Committer(_system, first.Database.ConnectionString, OpenGate.Instance, ids, new CommitterOptions());
        _reads = new CellDatabase(first.Database.ConnectionString, OpenGate.Instance);
        Home = new ApiHome(_reads, _committer, new DirectDispatch(_committer, TimeProvider.System), TimeProvider.System, ids, first.Home.Options, new ToldAges(), NullLogger.Instance);
    }

    public ApiHome Home { get; }

    public async ValueTask DisposeAsync()
    {
        Home.Dispose();
        await _system.Terminate();
        await _committer.DisposeAsync();
        await _reads.DisposeAsync();
    }
}
