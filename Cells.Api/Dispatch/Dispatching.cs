using System.Globalization;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>
/// What each event does to the dispatch of an instance: a pure function, the same in the home and in a routing cell. A repeated or late message
/// is never an exception: it changes nothing, or is refused by name.
/// </summary>
internal static partial class Dispatching
{
    /// <param name="rows">Every epoch of the instance that was dispatched from or through here.</param>
    public static Decision Decide(IReadOnlyList<DispatchRow> rows, DispatchEvent happened, DispatchScene scene) => happened switch
    {
        DispatchEvent.Build e => OnBuild(rows, e.Command, e.From, scene),
        DispatchEvent.Delete e => OnDelete(rows, e.Command, e.From, scene),
        DispatchEvent.Placed e => OnAnswer(rows, e.Answer.Epoch, e.Child, row => OnPlaced(row, e.Answer, scene)),
        DispatchEvent.Failed e => OnAnswer(rows, e.Answer.Epoch, e.Child, row => OnFailed(rows, row, e.Answer, e.Child, scene)),
        DispatchEvent.Gone e => OnAnswer(rows, e.Answer.Epoch, e.Child, row => OnGone(rows, row, e.Answer, e.Child, scene)),
        DispatchEvent.Act e => OnAct(rows, e.Command, e.From, scene),
        DispatchEvent.Acted e => OnAnswer(rows, e.Answer.Epoch, e.Child, row => OnActed(row, e.Answer)),
        DispatchEvent.Ask e => OnAsk(rows, e.Question, e.From, scene),
        DispatchEvent.Told e => OnAnswer(rows, e.Answer.Epoch, e.Child, row => OnTold(row, e.Answer)),
        DispatchEvent.Heard => Newest(rows) is { State: DispatchState.Waiting } row ? Ask(rows, row, scene) : Decision.Nothing,
        DispatchEvent.Due e => rows.FirstOrDefault(r => r.Epoch == e.Epoch) is { } row ? OnDue(rows, row, e.Observed, scene) : Decision.Nothing,
        DispatchEvent.Reset e => OnReset(rows, e.Child),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "no such event"),
    };

    private static Decision OnBuild(IReadOnlyList<DispatchRow> rows, BuildInstance command, CellName? from, DispatchScene scene)
    {
        if (rows.FirstOrDefault(r => r.Epoch == command.Epoch) is { } known)
            return known.Parent == from ? Repeated(known, command) : Decision.Refuse(Decision.Foreign);
        if (rows.Any(r => r.State == DispatchState.Deleted && r.Epoch > command.Epoch))
            return To(from, new InstanceDeleted(command.Instance, command.Epoch, command.Intent, 0));
        if (Newest(rows) is { } newest && newest.Epoch > command.Epoch)
            return from is { } sender
                ? Decision.Refuse(Decision.StaleEpoch, new Mail(sender, new PlacementFailed(command.Instance, command.Epoch, command.Intent, 0,
                    [new Refusal(scene.Cell, Decision.StaleEpoch, string.Create(CultureInfo.InvariantCulture,
                        $"epoch {command.Epoch} is over: the instance is at epoch {newest.Epoch}"), null)])))
                : Decision.Refuse(Decision.StaleEpoch);
        return FirstDispatch(command, from, scene);
    }

    /// <summary>A new row: asks a child, waits for one to be heard, or is refused at once.</summary>
    public static Decision FirstDispatch(BuildInstance command, CellName? from, DispatchScene scene)
    {
        var row = new DispatchRow(
            command.Instance, command.Epoch, command.Intent, from, DispatchState.Waiting, Asked: null, DeleteIntent: null,
            command.GenerationFloor, command, Why: [], Tried: [], Placed: null, Fault: null,
            scene.Now + (from is null ? scene.Patience : scene.WaitForChildren), Silence: null, scene.Now, scene.Now, Generation: 0);
        return Ask([], row, scene) is { Rows.Count: > 0 } decided ? decided : Decision.Store(Next(row, scene));
    }

    private static Decision Repeated(DispatchRow row, BuildInstance command) => row.State switch
    {
        DispatchState.Placed when row.Placed is { } placed => To(row.Parent, Up(row, placed)),
        DispatchState.Refused => To(row.Parent, RefusedUp(row)),
        DispatchState.Deleted => To(row.Parent, new InstanceDeleted(row.Instance, row.Epoch, command.Intent, row.LastGeneration)),
        _ => Decision.Nothing,                       // the answer is still to come
    };

    private static Decision OnDelete(IReadOnlyList<DispatchRow> rows, DeleteInstance command, CellName? from, DispatchScene scene)
    {
        var row = from is null ? Newest(rows) : rows.FirstOrDefault(r => r.Epoch == command.Epoch);
        if (row is null)
            return Unknown(command, from, scene);
        if (row.Parent != from)
            return Decision.Refuse(Decision.Foreign);
        switch (row.State)
        {
            case DispatchState.Asking or DispatchState.Placed:
                var cancelled = Next(row, scene) with
                {
                    State = DispatchState.CancelledAsking,
                    DeleteIntent = command.Intent,
                    Deadline = row.IsHome ? scene.Now + scene.Patience : null,
                    Silence = null,
                    Acts = [],                       // outranked: nobody waits for their answers
                };
                return Decision.Store(cancelled, new Mail(row.Asked!.Value, command with { Epoch = row.Epoch }));
            case DispatchState.Waiting or DispatchState.Refused:
                return Deleted(row with { DeleteIntent = command.Intent }, scene);
            case DispatchState.Deleted:
                return To(from, new InstanceDeleted(row.Instance, row.Epoch, command.Intent, row.LastGeneration)) with { Terminated = row.IsHome };
            default:
                return Decision.Nothing;             // cancelled already: the child was told
        }
    }

    /// <summary>The delete came before its build, or the build never came: the row it leaves refuses a late one.</summary>
    private static Decision Unknown(DeleteInstance command, CellName? from, DispatchScene scene)
    {
        var tombstone = new DispatchRow(
            command.Instance, command.Epoch, command.Intent, from, DispatchState.Deleted, Asked: null, command.Intent, LastGeneration: 0, Build: null,
            Why: [], Tried: [], Placed: null, Fault: null, Deadline: null, Silence: null, scene.Now, scene.Now, Generation: 1);
        var answer = To(from, new InstanceDeleted(command.Instance, command.Epoch, command.Intent, 0)) with { Terminated = from is null };
        return scene.SkipTombstones ? answer : answer with { Rows = [tombstone] };
    }

    /// <summary>A child may only speak of instances whose dispatch leads to it.</summary>
    private static Decision OnAnswer(IReadOnlyList<DispatchRow> rows, long epoch, CellName child, Func<DispatchRow, Decision> decide)
    {
        if (rows.FirstOrDefault(r => r.Epoch == epoch) is not { } row)
            return Decision.Refuse(Decision.Foreign);
        if (row.Asked != child)
            return Decision.Refuse(row.Tried.Any(t => t.Child == child) ? Decision.Stale : Decision.Foreign);
        return decide(row);
    }

    /// <summary>An action follows the dispatch to whoever was asked; one that nobody below can take is answered at once.</summary>
    private static Decision OnAct(IReadOnlyList<DispatchRow> rows, ActOnInstance command, CellName? from, DispatchScene scene)
    {
        var row = from is null ? Newest(rows) : rows.FirstOrDefault(r => r.Epoch == command.Epoch);
        if (row is not null && row.Parent != from)
            return Decision.Refuse(Decision.Foreign);
        if (row is not { State: DispatchState.Asking or DispatchState.Placed, Asked: { } child })
            return from is not { } sender
                ? Decision.Refuse(Decision.NotHeld)
                : Decision.Refuse(Decision.NotHeld, new Mail(sender, new InstanceActed(
                    command.Instance, command.Epoch, command.Intent, ActionOutcome.Refused, $"No cell below {scene.Cell} holds the instance.", null, scene.Now, scene.Now)));
        if (row.Acts.Any(a => a.Intent == command.Intent))
            return Decision.Nothing;                 // the answer is still to come
        if (from is null && row.Acts.Count >= InstanceLifecycle.MostOpenActions)
            return Decision.Refuse(Decision.NotHeld);
        var act = command with { Epoch = row.Epoch };
        return Decision.Store(
            row with
            {
                Acts = [.. row.Acts, act],
                Deadline = row.IsHome ? scene.Now + scene.Patience : null,
                Silence = null,
                Generation = row.Generation + 1,
            },
            new Mail(child, act));
    }

    /// <summary>How an action ended. An answer that comes again changes nothing here, and may be what the parent has lost.</summary>
    private static Decision OnActed(DispatchRow row, InstanceActed answer)
    {
        var told = To(row.Parent, answer) with { Acted = row.IsHome ? answer : null };
        return row.Acts.Any(a => a.Intent == answer.Intent)
            ? told with { Rows = [row with { Acts = [.. row.Acts.Where(a => a.Intent != answer.Intent)], Generation = row.Generation + 1 }] }
            : told;
    }

    private static Decision OnPlaced(DispatchRow row, InstancePlaced answer, DispatchScene scene)
    {
        var movedOn = row.State == DispatchState.Placed && (answer.Tried?.Count ?? 0) > (row.Placed?.Tried?.Count ?? 0);
        if (row.State != DispatchState.Asking && !movedOn)
            return row.State is DispatchState.Placed or DispatchState.CancelledAsking ? Decision.Nothing : Decision.Refuse(Decision.Stale);
        var placed = Next(row, scene) with { State = DispatchState.Placed, Placed = answer };
        return To(row.Parent, Up(placed, answer)) with { Rows = [placed] };
    }

    private static Decision OnFailed(IReadOnlyList<DispatchRow> rows, DispatchRow row, PlacementFailed answer, CellName child, DispatchScene scene)
    {
        var tried = row with
        {
            Tried = [.. row.Tried, new Trial(child, answer.Tried)],
            LastGeneration = Math.Max(row.LastGeneration, answer.LastGeneration),
            Silence = null,
        };
        return row.State switch
        {
            DispatchState.CancelledAsking => Deleted(tried, scene),
            DispatchState.Asking or DispatchState.Placed when row.Epoch == Newest(rows)!.Epoch => Ask(rows, tried, scene),
            DispatchState.Asking or DispatchState.Placed => Refused(rows, tried, null, scene),   // a later epoch has the right to run
            _ => Decision.Refuse(Decision.Stale),
        };
    }

    private static Decision OnGone(
        IReadOnlyList<DispatchRow> rows, DispatchRow row, InstanceDeleted answer, CellName child, DispatchScene scene)
    {
        var last = row with { LastGeneration = Math.Max(row.LastGeneration, answer.LastGeneration), Silence = null };
        return row.State switch
        {
            DispatchState.CancelledAsking => Deleted(last, scene),
            // A delete reached the child by another of its parents; whoever asked here must hear of it.
            DispatchState.Asking or DispatchState.Placed when !row.IsHome => Deleted(last with { DeleteIntent = answer.Intent }, scene),
            DispatchState.Asking or DispatchState.Placed => Refused(rows, last with
            {
                Tried = [.. last.Tried, new Trial(child, [new Refusal(child, "deleted_below", "the cell says the instance is deleted, which nobody asked for here", null)])],
            }, null, scene),
            DispatchState.Deleted => Decision.Nothing,
            _ => Decision.Refuse(Decision.Stale),
        };
    }

    private static Decision OnDue(IReadOnlyList<DispatchRow> rows, DispatchRow row, InstanceRow? observed, DispatchScene scene)
    {
        if (row.Deadline is null || row.Deadline > scene.Now)
            return Decision.Nothing;
        if (row.State == DispatchState.Waiting)
            return Refused(rows, row, new Refusal(scene.Cell, "silent", "no cell below was heard in time; nothing was sent", row.Why is [.., var why] ? why : null), scene);
        var current = observed?.Epoch == row.Epoch ? observed : null;
        var last = row.Acts.Count == 0 ? row.Intent : row.Acts.Max(a => a.Intent);
        var finished = row.State is DispatchState.Refused or DispatchState.Deleted || (row.State == DispatchState.Placed && current?.AppliedIntent >= last);
        if (finished || !row.IsHome)
            return Decision.Store(row with { Deadline = null, Silence = null, Generation = row.Generation + 1 });
        // One step may take hours, and nothing is reported within it. A cell that is heard and has begun is at work.
        var wanted = row.State == DispatchState.CancelledAsking ? row.DeleteIntent ?? last : 0;
        if (current is { } begun && begun.WorkingIntent > begun.AppliedIntent && begun.WorkingIntent >= wanted && scene.IsHeard(begun.Cell))
            return Decision.Store(row with { Deadline = scene.Now + scene.Patience, Silence = null, Generation = row.Generation + 1 });
        return Decision.Store(row with
        {
            Silence = new ViewSilence(current?.UpdatedAt ?? row.SettledAt, current?.Generation ?? 0, scene.Now),
            Deadline = scene.Now + scene.Patience,       // it is looked at again: a report may come, and then silence again
            Generation = row.Generation + 1,
        });
    }

    private static Decision OnReset(IReadOnlyList<DispatchRow> rows, CellName child) => new([],
    [
        .. rows.Where(r => r.Asked == child).OrderBy(r => r.Epoch).SelectMany<DispatchRow, Mail>(row => row switch
        {
            { State: DispatchState.Asking, Build: not null } => [new Mail(child, ToChild(row)), .. row.Acts.Select(act => new Mail(child, act))],
            { State: DispatchState.Placed } => row.Acts.Select(act => new Mail(child, act)),
            { State: DispatchState.CancelledAsking, Build: { } build } =>
                [new Mail(child, new DeleteInstance(row.Instance, row.Epoch, row.DeleteIntent ?? row.Intent, build.Project, build.RequestId))],
            _ => [],
        }),
    ], false, null);

    /// <summary>
    /// Asks the next child. The home raises the epoch for each one; a routing cell stays in its epoch and passes a generation floor on (ADR 0007).
    /// </summary>
    private static Decision Ask(IReadOnlyList<DispatchRow> rows, DispatchRow row, DispatchScene scene)
    {
        var tried = rows.Where(r => r.Epoch != row.Epoch).Append(row).SelectMany(r => r.Tried).ToList();
        var build = row.Build! with { Hints = Without(row.Build!.Hints, tried) };
        var choice = scene.Choose(build, [.. tried.Select(t => t.Child).Distinct()]);
        if (choice.Child is not { } child)
        {
            return choice.MayComeLater && row.State == DispatchState.Waiting
                ? Decision.Nothing
                : Refused(rows, row with { Why = [.. row.Why, choice.Why] },
                    new Refusal(scene.Cell, "no_valid_host", Sentence(choice.Why), choice.Why), scene);
        }
        if (row.IsHome && row.State is DispatchState.Asking or DispatchState.Placed)
        {
            var over = Next(row, scene) with { State = DispatchState.Refused, Fault = Story([row]), Deadline = null, Acts = [] };
            var again = row with
            {
                Epoch = row.Epoch + 1,
                Build = build with { Epoch = row.Epoch + 1, GenerationFloor = 0 },
                LastGeneration = 0,
                Tried = [],
                Why = [],
                Placed = null,
                Acts = [],
                Generation = 0,
            };
            var asking = Asking(again, child, choice, scene);
            return new Decision([over, asking], [new Mail(child, ToChild(asking))], false, null);
        }
        var asked = Asking(row with { Build = build }, child, choice, scene);
        return Decision.Store(asked, new Mail(child, ToChild(asked)));
    }

    private static DispatchRow Asking(DispatchRow row, CellName child, CellChoice choice, DispatchScene scene) => Next(row, scene) with
    {
        State = DispatchState.Asking,
        Asked = child,
        Why = [.. row.Why, choice.Why],
        Placed = null,
        Deadline = row.IsHome ? row.Deadline : null,
        AskedAt = scene.Now,
    };

    private static BuildInstance ToChild(DispatchRow row) => row.Build! with { GenerationFloor = row.LastGeneration };

    /// <summary>Nobody below holds the epoch, and nobody will.</summary>
    private static Decision Refused(IReadOnlyList<DispatchRow> rows, DispatchRow row, Refusal? own, DispatchScene scene)
    {
        var said = own is null ? row : row with { Tried = [.. row.Tried, new Trial(scene.Cell, [own])] };
        var over = Next(said, scene) with
        {
            State = DispatchState.Refused,
            Fault = row.IsHome ? Story([.. rows.Where(r => r.Epoch != row.Epoch).OrderBy(r => r.Epoch), said]) : null,
            Deadline = null,
            Silence = null,
            Acts = [],
        };
        return row.Parent is null ? Decision.Store(over) : To(row.Parent, RefusedUp(over)) with { Rows = [over] };
    }

    /// <summary>Nothing of the instance is left below, and none will come.</summary>
    private static Decision Deleted(DispatchRow row, DispatchScene scene)
    {
        var over = Next(row, scene) with { State = DispatchState.Deleted, Deadline = null, Silence = null, Acts = [] };
        var answer = new InstanceDeleted(row.Instance, row.Epoch, row.DeleteIntent ?? row.Intent, row.LastGeneration);
        return To(row.Parent, answer) with { Rows = [over], Terminated = row.IsHome };
    }

    private static PlacementFailed RefusedUp(DispatchRow row) =>
        new(row.Instance, row.Epoch, row.Intent, row.LastGeneration, [.. row.Tried.SelectMany(t => t.Said)]);

    private static InstancePlaced Up(DispatchRow row, InstancePlaced answer) => answer with
    {
        Why = [.. row.Why, .. answer.Why],
        Tried = row.Tried.Count == 0 ? answer.Tried : [.. row.Tried.SelectMany(t => t.Said), .. answer.Tried ?? []],
    };

    private static Decision To(CellName? parent, object message) =>
        parent is { } link ? Decision.Answer(new Mail(link, message)) : Decision.Nothing;

    private static DispatchRow? Newest(IReadOnlyList<DispatchRow> rows) => rows.MaxBy(r => r.Epoch);

    private static DispatchRow Next(DispatchRow row, DispatchScene scene) => row with { SettledAt = scene.Now, Generation = row.Generation + 1 };

    /// <summary>Whoever said no is not asked again on another way.</summary>
    private static PlacementHints Without(PlacementHints hints, List<Trial> tried) => tried.Count == 0 ? hints : hints with
    {
        NotCells = [.. hints.NotCells.Concat(tried.SelectMany(t => t.Said.Select(r => r.Cell))).Distinct()],
    };

    private static string Sentence(Explanation why) => why switch
    {
        { Removed.Count: > 0 } => string.Join("; ", why.Removed.SelectMany(f => f.Examples)),
        { Silent.Count: > 0 } => $"silent: {string.Join(", ", why.Silent)}",
        _ => "no cell below to ask",
    };

    /// <summary>The whole story as one sentence, as Nova shows it. What is left out is in the explanation.</summary>
    private static string Story(IReadOnlyList<DispatchRow> rows)
    {
        const int most = 6;
        var said = rows.SelectMany(r => r.Tried).SelectMany(t => t.Said).Select(r => $"{r.Cell}: {r.Reason}").Distinct().ToList();
        var shown = string.Join("; ", said.Take(most));
        return View.NoValidHost
            + (said.Count == 0 ? "" : $" {shown}{(said.Count > most ? string.Create(CultureInfo.InvariantCulture, $"; and {said.Count - most} more") : "")}.");
    }
}
