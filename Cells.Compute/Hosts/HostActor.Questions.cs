using Cells.Compute.Questions;
using Cells.Contracts.Messages;

namespace Cells.Compute.Hosts;

/// <summary>Questions are looked up beside the steps: they change nothing and wait for none.</summary>
internal sealed partial class HostActor
{
    private void OnQuestion(AnswerQuestion m)
    {
        if (!_connected)
        {
            _setup.Placer.Tell(new QuestionAnswered(m.Link, m.Not(ToldOutcome.Away, $"Host {m.Row.Place?.HostName} is not connected.")), Self);
            return;
        }
        PipeToSelf(
            m.PerformAsync(_pool, _pool.Cache, Stopping),
            answer => answer,
            error => new QuestionAnswered(m.Link, m.Not(ToldOutcome.Away, error.Message)));
    }
}
