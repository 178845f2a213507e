using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Questions;

/// <summary>From the placer to the host of an instance: look, and say what there is to be seen.</summary>
/// <param name="Link">Where the answer goes.</param>
internal sealed record AnswerQuestion(Instance Row, AskInstance Question, CellName Link)
{
    /// <summary>Asks the host. Every failure is an answer: nothing is tried again, whoever asked asks again.</summary>
    public async Task<QuestionAnswered> PerformAsync(IPoolCalls pool, PoolCache? cache, CancellationToken stop)
    {
        try
        {
            return Say(await SeeAsync(pool, cache, stop));
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            return Say(Not(ToldOutcome.NotReady, $"Host {Row.Place?.HostName} does not have VM {Row.Vm} any more."));
        }
        catch (XenApiException away)
        {
            return Say(Not(ToldOutcome.Away, $"Host {Row.Place?.HostName}: {away.Message}"));
        }
    }

    private async Task<InstanceTold> SeeAsync(IPoolCalls pool, PoolCache? cache, CancellationToken stop)
    {
        var vm = await pool.CallAsync(Vm.GetByUuid(Row.Vm!.Value), stop);
        var record = await pool.CallAsync(Vm.GetRecord(vm), stop);
        return Question.About switch
        {
            InstanceQuestion.ConsoleLog => await ReadConsole.AsOfAsync(this, record, pool, stop),
            InstanceQuestion.Diagnostics => await ReadDiagnostics.AsOfAsync(this, vm, record, pool, cache, stop),
            _ => Not(ToldOutcome.NotSupported, $"This cell does not know the question {(int)Question.About}."),
        };
    }

    public InstanceTold Not(ToldOutcome outcome, string reason) => Not(Question, outcome, reason);

    public static InstanceTold Not(AskInstance question, ToldOutcome outcome, string reason) =>
        new(question.Instance, question.Epoch, question.Question, outcome, reason);

    public InstanceTold Seen(string? console = null, InstanceDiagnostics? diagnostics = null) =>
        new(Question.Instance, Question.Epoch, Question.Question, ToldOutcome.Told, null, console, diagnostics);

    private QuestionAnswered Say(InstanceTold answer) => new(Link, answer);
}

/// <summary>To the placer: this goes up.</summary>
internal sealed record QuestionAnswered(CellName Link, InstanceTold Answer);
