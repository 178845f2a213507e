using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Chaos.Invariants;

/// <summary>
/// I7 for actions: each accepted one has ended, once, in the order of its intent; its cell has carried out or refused every intent of the home; and what was
/// last done to a server that nothing outside has stopped is what its host shows.
/// </summary>
internal sealed class ActionsInOrder : Invariant
{
    public override string Name => "I7";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        var logs = picture.Log.ToLookup(row => row.Instance);
        var alive = picture.Instances.Where(row => !row.Released).ToDictionary(row => row.Id);
        foreach (var intent in picture.Intents)
        {
            var log = logs[intent.Id].Where(row => row.Intent is not null).ToList();
            if (!log.Select(row => row.Intent!.Value).SequenceEqual(Enumerable.Range(1, (int)intent.Number).Select(number => (long)number)))
                yield return $"Server {intent.Name} has intent {intent.Number}; its log has {string.Join(", ", log.Select(row => $"{row.Intent} {row.Action}"))}.";
            foreach (var open in log.Where(row => row is { Outcome: null, Action: not InstanceAction.Create }))
                yield return $"Server {intent.Name}: its log does not say how intent {open.Intent} ({open.Action}) ended.";
            foreach (var odd in log.Where(row => row.Outcome is ActionOutcome.Refused or ActionOutcome.Failed && row.Reason.Length == 0))
                yield return $"Server {intent.Name}: its log does not say why intent {odd.Intent} ({odd.Action}) was {odd.Outcome}.";
            if (!alive.TryGetValue(intent.Id, out var row))
                continue;
            if (row.AppliedIntent != intent.Number)
                yield return $"Server {intent.Name} has intent {intent.Number}; its cell has applied {row.AppliedIntent}: {row}.";
            if (!row.Ended.SequenceEqual(Enumerable.Range(2, (int)intent.Number - 1).Select(number => (long)number).TakeLast(row.Ended.Count)) || row.Ended.Count < Math.Min(16, intent.Number - 1))
                yield return $"Server {intent.Name}: its cell ended intents {string.Join(", ", row.Ended)} of {intent.Number}.";
            if (!picture.Disturbed.Contains(intent.Id.ToString("D")) && Wanted(log) is { } wanted && wanted != row.PowerState)
                yield return $"Server {intent.Name} should be {wanted} after {string.Join(", ", log.Select(l => $"{l.Action} {l.Outcome}"))}: {row}.";
        }
    }

    /// <summary>Null when the last word is not clear: a failed action may have done a part.</summary>
    private static PowerState? Wanted(List<LogRow> log) => log.LastOrDefault(row => row.Outcome != ActionOutcome.Refused) switch
    {
        { Outcome: ActionOutcome.Failed } => null,
        { Action: InstanceAction.Stop } => PowerState.Shutdown,
        { Action: InstanceAction.Pause } => PowerState.Paused,
        { Action: InstanceAction.Suspend } => PowerState.Suspended,
        { Action: InstanceAction.Create or InstanceAction.Start or InstanceAction.RebootSoft or InstanceAction.RebootHard or InstanceAction.Unpause or InstanceAction.Resume
            or InstanceAction.Rescue or InstanceAction.Unrescue } => PowerState.Running,
        _ => null,
    };
}
