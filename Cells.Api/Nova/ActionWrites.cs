using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>
/// An accepted action: the next intent of a server. Misses when the server had another intent since it was read, a delete included, or its lock was turned:
/// of two askers at one moment the later one is judged again, by what the earlier one left.
/// </summary>
/// <param name="Number">The number this intent gets: one above the one that was read.</param>
/// <param name="Task">Shown until the server's cell works on it.</param>
/// <param name="Lock">As it was read.</param>
public sealed record AcceptAction(
    InstanceId Instance, long Number, TaskState Task, ServerLock? Lock, string RequestId, DateTimeOffset At, DateTimeOffset Deadline) : IWrite
{
    private const string Sql = """
        update instance_intent
           set intent_number = w.number,
               task_state    = w.task_state::smallint,
               request_id    = w.request_id,
               deadline      = w.deadline,
               updated_at    = w.at
          from unnest(@ids, @numbers, @tasks, @locks, @request_ids, @times, @deadlines)
            as w (id, number, task_state, locked_by, request_id, at, deadline)
         where instance_intent.id = w.id
           and instance_intent.intent_number = w.number - 1
           and instance_intent.locked_by is not distinct from w.locked_by
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<AcceptAction>(
        "accept-action", 173, Sql, w => ("instance_intent", w.Instance), returns: w => w.Instance.Value,
        Column.Uuid<AcceptAction>("ids", w => w.Instance.Value),
        Column.Bigint<AcceptAction>("numbers", w => w.Number),
        Column.Integer<AcceptAction>("tasks", w => (int)w.Task),
        Column.Text<AcceptAction>("locks", w => w.Lock?.Holder),
        Column.Text<AcceptAction>("request_ids", w => w.RequestId),
        Column.Time<AcceptAction>("times", w => w.At),
        Column.Time<AcceptAction>("deadlines", w => w.Deadline));

    public WriteKind Kind => TheKind;
}

/// <summary>Locks a server, or unlocks it. Misses when it is wanted no more, or its lock was turned since it was read.</summary>
/// <param name="Before">As it was read.</param>
/// <param name="After">Null unlocks.</param>
public sealed record SetLock(InstanceId Instance, ServerLock? Before, ServerLock? After, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        update instance_intent
           set locked_by     = w.locked_by,
               locked_reason = w.reason,
               updated_at    = w.at
          from unnest(@ids, @before, @locks, @reasons, @times) as w (id, before, locked_by, reason, at)
         where instance_intent.id = w.id
           and instance_intent.locked_by is not distinct from w.before
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetLock>(
        "set-lock", 171, Sql, w => ("instance_intent", w.Instance), returns: w => w.Instance.Value,
        Column.Uuid<SetLock>("ids", w => w.Instance.Value),
        Column.Text<SetLock>("before", w => w.Before?.Holder),
        Column.Text<SetLock>("locks", w => w.After?.Holder),
        Column.Text<SetLock>("reasons", w => w.After?.Reason),
        Column.Time<SetLock>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>An accepted action in the server's log. A second one of the same request changes nothing.</summary>
internal sealed record InsertAction(ServerAction Action) : IWrite
{
    private const string Sql = """
        insert into instance_action (instance, request_id, action, intent, project_id, user_id, accepted_at, outcome, ended_at)
        select instance, request_id, action::smallint, intent, project_id, user_id, accepted_at, outcome::smallint, ended_at
          from unnest(@instances, @requests, @actions, @intents, @projects, @users, @times, @outcomes, @ends)
            as w (instance, request_id, action, intent, project_id, user_id, accepted_at, outcome, ended_at)
            on conflict do nothing
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<InsertAction>(
        "insert-action", 175, Sql,
        Column.Uuid<InsertAction>("instances", w => w.Action.Instance.Value),
        Column.Text<InsertAction>("requests", w => w.Action.RequestId),
        Column.Integer<InsertAction>("actions", w => (int)w.Action.Action),
        Column.Bigint<InsertAction>("intents", w => w.Action.Intent),
        Column.Uuid<InsertAction>("projects", w => w.Action.Project.Value),
        Column.Uuid<InsertAction>("users", w => w.Action.User.Value),
        Column.Time<InsertAction>("times", w => w.Action.AcceptedAt),
        Column.Integer<InsertAction>("outcomes", w => (int?)w.Action.Ended?.Outcome),
        Column.Time<InsertAction>("ends", w => w.Action.Ended?.At));

    public WriteKind Kind => TheKind;
}

/// <summary>How an action ended. The second time changes nothing.</summary>
internal sealed record EndAction(InstanceActed Answer) : IWrite
{
    private const string Sql = """
        update instance_action
           set outcome   = w.outcome::smallint,
               reason    = w.reason,
               host_name = w.host_name,
               began_at  = w.began_at,
               ended_at  = w.ended_at
          from unnest(@instances, @intents, @outcomes, @reasons, @hosts, @begins, @ends)
            as w (instance, intent, outcome, reason, host_name, began_at, ended_at)
         where instance_action.instance = w.instance
           and instance_action.intent = w.intent
           and instance_action.outcome is null
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<EndAction>(
        "end-action", 179, Sql,
        Column.Uuid<EndAction>("instances", w => w.Answer.Instance.Value),
        Column.Bigint<EndAction>("intents", w => w.Answer.Intent),
        Column.Integer<EndAction>("outcomes", w => (int)w.Answer.Outcome),
        Column.Text<EndAction>("reasons", w => w.Answer.Reason),
        Column.Text<EndAction>("hosts", w => w.Answer.HostName),
        Column.Time<EndAction>("begins", w => w.Answer.BeganAt),
        Column.Time<EndAction>("ends", w => w.Answer.EndedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>Nothing of the server is left: its delete is done, and what was still open has been outranked by it; how its
/// create ended the server says itself. The second time changes nothing.</summary>
internal sealed record CloseActions(InstanceId Instance, DateTimeOffset At) : IWrite
{
    private static readonly string Sql = $"""
        update instance_action
           set outcome  = case when action = {(int)InstanceAction.Delete} then {(int)ActionOutcome.Done} else {(int)ActionOutcome.Refused} end,
               reason   = case when action = {(int)InstanceAction.Delete} then null else 'The server was deleted before it ended.' end,
               ended_at = w.at
          from unnest(@ids, @times) as w (id, at)
         where instance_action.instance = w.id
           and instance_action.outcome is null
           and instance_action.action <> {(int)InstanceAction.Create}
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<CloseActions>(
        "close-actions", 181, Sql,
        Column.Uuid<CloseActions>("ids", w => w.Instance.Value),
        Column.Time<CloseActions>("times", w => w.At));

    public WriteKind Kind => TheKind;
}
