using System.Text.Json;
using Cells.Api.Storage;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>A new epoch of an instance; a group holds at most one for an instance. Misses when the row is there already: read it, and decide again.</summary>
internal sealed record InsertDispatch(DispatchRow Row) : IWrite
{
    private const string Sql = """
        insert into dispatch (
            instance, epoch, intent, parent, state, asked, delete_intent, last_generation, build, why, tried,
            fault, deadline, asked_at, settled_at)
        select instance, epoch, intent, parent, state::smallint, asked, delete_intent, last_generation, build::json, why::json, tried::json,
               fault, deadline, asked_at, settled_at
          from unnest(@instances, @epochs, @intents, @parents, @states, @asked, @delete_intents, @last_generations, @builds, @whys, @trieds,
                      @faults, @deadlines, @asked_ats, @settled_ats)
            as w (instance, epoch, intent, parent, state, asked, delete_intent, last_generation, build, why, tried,
                  fault, deadline, asked_at, settled_at)
        on conflict (instance, epoch) do nothing
        returning instance
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertDispatch>(
        "insert-dispatch", 180, Sql, w => ("dispatch", w.Row.Instance, w.Row.Epoch), w => w.Row.Instance.Value,
        Column.Uuid<InsertDispatch>("instances", w => w.Row.Instance.Value),
        Column.Bigint<InsertDispatch>("epochs", w => w.Row.Epoch),
        Column.Bigint<InsertDispatch>("intents", w => w.Row.Intent),
        Column.Text<InsertDispatch>("parents", w => w.Row.Parent?.Value),
        Column.Integer<InsertDispatch>("states", w => (int)w.Row.State),
        Column.Text<InsertDispatch>("asked", w => w.Row.Asked?.Value),
        Column.Bigint<InsertDispatch>("delete_intents", w => w.Row.DeleteIntent),
        Column.Bigint<InsertDispatch>("last_generations", w => w.Row.LastGeneration),
        Column.Text<InsertDispatch>("builds", w => w.Row.Build is { } b ? JsonSerializer.Serialize(b, DispatchJson.Default.BuildInstance) : null),
        Column.Text<InsertDispatch>("whys", w => JsonSerializer.Serialize(w.Row.Why, DispatchJson.Default.IReadOnlyListExplanation)),
        Column.Text<InsertDispatch>("trieds", w => JsonSerializer.Serialize(w.Row.Tried, DispatchJson.Default.IReadOnlyListTrial)),
        Column.Text<InsertDispatch>("faults", w => w.Row.Fault),
        Column.Time<InsertDispatch>("deadlines", w => w.Row.Deadline),
        Column.Time<InsertDispatch>("asked_ats", w => w.Row.AskedAt),
        Column.Time<InsertDispatch>("settled_ats", w => w.Row.SettledAt));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// The next state of a row; <see cref="DispatchRow.Generation"/> is the new one. Misses when somebody moved the row since it was read. What was
/// asked (intent, parent) never changes.
/// </summary>
internal sealed record UpdateDispatch(DispatchRow Row) : IWrite
{
    private const string Sql = """
        update dispatch
           set state             = w.state::smallint,
               asked             = w.asked,
               delete_intent     = w.delete_intent,
               last_generation   = w.last_generation,
               build             = w.build::json,
               why               = w.why::json,
               tried             = w.tried::json,
               placed            = w.placed::json,
               fault             = w.fault,
               deadline          = w.deadline,
               silent_since      = w.silent_since,
               silent_generation = w.silent_generation,
               silence_noted_at  = w.silence_noted_at,
               asked_at          = w.asked_at,
               settled_at        = w.settled_at,
               acts              = w.acts::json,
               generation        = w.generation
          from unnest(@instances, @epochs, @states, @asked, @delete_intents, @last_generations, @builds, @whys, @trieds, @placeds, @faults,
                      @deadlines, @silent_sinces, @silent_generations, @silence_noted_ats, @asked_ats, @settled_ats, @acts, @generations)
            as w (instance, epoch, state, asked, delete_intent, last_generation, build, why, tried, placed, fault,
                  deadline, silent_since, silent_generation, silence_noted_at, asked_at, settled_at, acts, generation)
         where dispatch.instance = w.instance
           and dispatch.epoch = w.epoch
           and dispatch.generation = w.generation - 1
        returning w.instance
        """;

    private static readonly WriteKind TheKind = new StatementKind<UpdateDispatch>(
        "update-dispatch", 182, Sql, w => ("dispatch", w.Row.Instance, w.Row.Epoch), w => w.Row.Instance.Value,
        Column.Uuid<UpdateDispatch>("instances", w => w.Row.Instance.Value),
        Column.Bigint<UpdateDispatch>("epochs", w => w.Row.Epoch),
        Column.Integer<UpdateDispatch>("states", w => (int)w.Row.State),
        Column.Text<UpdateDispatch>("asked", w => w.Row.Asked?.Value),
        Column.Bigint<UpdateDispatch>("delete_intents", w => w.Row.DeleteIntent),
        Column.Bigint<UpdateDispatch>("last_generations", w => w.Row.LastGeneration),
        Column.Text<UpdateDispatch>("builds", w => w.Row.Build is { } b ? JsonSerializer.Serialize(b, DispatchJson.Default.BuildInstance) : null),
        Column.Text<UpdateDispatch>("whys", w => JsonSerializer.Serialize(w.Row.Why, DispatchJson.Default.IReadOnlyListExplanation)),
        Column.Text<UpdateDispatch>("trieds", w => JsonSerializer.Serialize(w.Row.Tried, DispatchJson.Default.IReadOnlyListTrial)),
        Column.Text<UpdateDispatch>("placeds", w => w.Row.Placed is { } p ? JsonSerializer.Serialize(p, DispatchJson.Default.InstancePlaced) : null),
        Column.Text<UpdateDispatch>("faults", w => w.Row.Fault),
        Column.Time<UpdateDispatch>("deadlines", w => w.Row.Deadline),
        Column.Time<UpdateDispatch>("silent_sinces", w => w.Row.Silence?.Since),
        Column.Bigint<UpdateDispatch>("silent_generations", w => w.Row.Silence?.Generation),
        Column.Time<UpdateDispatch>("silence_noted_ats", w => w.Row.Silence?.NotedAt),
        Column.Time<UpdateDispatch>("asked_ats", w => w.Row.AskedAt),
        Column.Time<UpdateDispatch>("settled_ats", w => w.Row.SettledAt),
        Column.Text<UpdateDispatch>("acts", w => w.Row.Acts is { Count: > 0 } acts ? JsonSerializer.Serialize(acts, DispatchJson.Default.IReadOnlyListActOnInstance) : null),
        Column.Bigint<UpdateDispatch>("generations", w => w.Row.Generation));

    public WriteKind Kind => TheKind;
}
