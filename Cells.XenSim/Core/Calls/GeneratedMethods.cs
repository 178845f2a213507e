using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Filters;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Calls;

/// <summary>The messages that the data model generates for every class: records, getters, and setters of RW fields.</summary>
internal static class GeneratedMethods
{
    private static readonly XapiType Void = XapiType.Parse("void");

    public static void AddTo(MethodTable table, ClassDef definition)
    {
        var name = definition.Name;
        var self = new ParamDef("self", XapiType.Parse($"{name} ref"), false, null);
        var set = XapiType.Parse($"{name} ref set");
        var records = XapiType.Parse($"({name} ref -> {name} record) map");
        var generated = definition.Generated.Select(g => g.TrimEnd('*')).ToHashSet(StringComparer.Ordinal);

        void Add(string message, XapiType result, Handler? handler, Lifecycle state, bool async, params ParamDef[] parameters) =>
            table.Add($"{name}.{message}", new MessageDef(message, result, true, async, state, parameters), handler, works: false);

        foreach (var message in generated)
        {
            var async = definition.Generated.Contains(message + "*");
            switch (message)
            {
                case "get_all":
                    Add(message, set, call => Step.Of(call.Pool.Database.All(definition).Select(o => o.Ref).ToArray()), definition.State, async);
                    break;
                case "get_all_records":
                    Add(message, records, call => Step.Of(call.Pool.Database.All(definition)), definition.State, async);
                    Add("get_all_records_where", records, call => Step.Of(Matching(call, definition)), definition.State, async,
                        new ParamDef("expr", XapiType.Parse("string"), false, null));
                    break;
                case "get_record":
                    Add(message, XapiType.Parse($"{name} record"), call => Step.Of(call.Target(name)), definition.State, async, self);
                    break;
                case "get_by_uuid":
                    Add(message, self.Type, call => Step.Of(ByUuid(call, name).Ref), definition.State, async,
                        new ParamDef("uuid", XapiType.Parse("string"), false, null));
                    break;
                case "get_by_name_label":
                    Add(message, set, call => Step.Of(ByLabel(call, definition)), definition.State, async,
                        new ParamDef("label", XapiType.Parse("string"), false, null));
                    break;
                case "create":
                    Add(message, self.Type, null, definition.State, async, new ParamDef("args", XapiType.Parse($"{name} record"), false, null));
                    break;
                case "destroy":
                    Add(message, Void, null, definition.State, async, self);
                    break;
                default:
                    throw new InvalidDataException($"xenapi.txt: class {name} names a generated message '{message}' that nobody knows how to generate");
            }
        }
        // event and message records are only ever parts of answers: their fields have no accessors.
        if (!generated.Contains("get_record")) return;
        foreach (var field in definition.Fields) AddAccessors(Add, definition, field, self);
    }

    private delegate void Adder(string message, XapiType result, Handler? handler, Lifecycle state, bool async, params ParamDef[] parameters);

    private static void AddAccessors(Adder add, ClassDef definition, FieldDef field, ParamDef self)
    {
        var name = definition.Name;
        add($"get_{field.Name}", field.Type, call => Step.Of(call.Target(name)[field]), field.State, false, self);
        if (field.Access != FieldAccess.ReadWrite) return;

        add($"set_{field.Name}", Void, call => { call.Target(name).Put(field, call.Args[1]); return Step.Void; },
            field.State, false, self, new ParamDef("value", field.Type, false, null));
        if (field.Type.Kind == XapiKind.Map)
        {
            var key = new ParamDef("key", field.Type.Key!, false, null);
            add($"add_to_{field.Name}", Void, call => AddTo(call, name, field), field.State, false, self, key, new ParamDef("value", field.Type.Item!, false, null));
            add($"remove_from_{field.Name}", Void, call => RemoveFrom(call, name, field), field.State, false, self, key);
        }
        if (field.Type.Kind == XapiKind.Set)
        {
            var value = new ParamDef("value", field.Type.Item!, false, null);
            add($"add_{field.Name}", Void, call =>
            {
                var target = call.Target(name);
                var values = (string[])target[field]!;
                if (!values.Contains(call.Text(1))) target.Put(field, (string[])[.. values, call.Text(1)]);
                return Step.Void;
            }, field.State, false, self, value);
            add($"remove_{field.Name}", Void, call =>
            {
                var target = call.Target(name);
                target.Put(field, ((string[])target[field]!).Where(v => v != call.Text(1)).ToArray());
                return Step.Void;
            }, field.State, false, self, value);
        }
    }

    /// <summary>add_to_X refuses a key that is there: MAP_DUPLICATE_KEY [class, field, ref, key].</summary>
    internal static Step AddTo(Call call, string className, FieldDef field)
    {
        var target = call.Target(className);
        var map = (StringMap)target[field]!;
        if (map.Has(call.Text(1))) throw new XapiFailure("MAP_DUPLICATE_KEY", className, field.Name, target.Ref, call.Text(1));
        target.Put(field, map.With(call.Text(1), call.Text(2)));
        return Step.Void;
    }

    /// <summary>Removing a key that is not there is no error.</summary>
    internal static Step RemoveFrom(Call call, string className, FieldDef field)
    {
        var target = call.Target(className);
        target.Put(field, ((StringMap)target[field]!).Without(call.Text(1)));
        return Step.Void;
    }

    private static SimObject ByUuid(Call call, string className) =>
        call.Pool.Database.FindByUuid(className, call.Text(0)) ?? throw new XapiFailure("UUID_INVALID", className, call.Text(0));

    private static string[] ByLabel(Call call, ClassDef definition) =>
        [.. call.Pool.Database.All(definition).Where(o => o.Text("name_label") == call.Text(0)).Select(o => o.Ref)];

    private static IEnumerable<SimObject> Matching(Call call, ClassDef definition)
    {
        var filter = RecordFilter.Parse(definition, call.Text(0));
        return call.Pool.Database.All(definition).Where(filter.Matches);
    }
}
