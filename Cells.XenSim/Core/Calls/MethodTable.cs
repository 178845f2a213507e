using System.Collections.Frozen;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Devices;
using Cells.XenSim.Core.Events;
using Cells.XenSim.Core.Hosts;
using Cells.XenSim.Core.Sessions;
using Cells.XenSim.Core.Storage;
using Cells.XenSim.Core.Tasks;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Core.Calls;

/// <summary>Every method by its wire name: the published ones of the served classes, with a handler where the simulator has one.</summary>
internal sealed class MethodTable
{
    public static readonly MethodTable Instance = new();
    private readonly Dictionary<string, Method> _methods = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, Method> _frozen;

    private MethodTable()
    {
        foreach (var definition in PublishedModel.Classes)
        {
            GeneratedMethods.AddTo(this, definition);
            foreach (var message in definition.Messages) Add($"{definition.Name}.{message.Name}", message, null, works: false);
        }
        SystemMethods.Register(this);
        SessionMethods.Register(this);
        PoolMethods.Register(this);
        HostMethods.Register(this);
        TaskMethods.Register(this);
        EventMethods.Register(this);
        VmRecordMethods.Register(this);
        VmLifeMethods.Register(this);
        VmCopyMethods.Register(this);
        Migration.Register(this);
        VmResourceMethods.Register(this);
        VdiMethods.Register(this);
        SrMethods.Register(this);
        VbdMethods.Register(this);
        VifMethods.Register(this);
        NetworkMethods.Register(this);
        ServedNames = [.. _methods.Where(m => m.Value.Handler is not null).Select(m => m.Key).Order(StringComparer.Ordinal)];

        // Every method also answers to an underscore alias (VM_start).
        foreach (var method in _methods.Values.ToList())
            _methods.TryAdd(method.Name.Replace('.', '_'), method);
        _frozen = _methods.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>What system.listMethods answers.</summary>
    public string[] ServedNames { get; }

    public Method? Find(string name) => _frozen.GetValueOrDefault(name);

    public void Add(string name, MessageDef definition, Handler? handler, bool works) =>
        _methods[name] = new Method(name, definition, definition.State == Lifecycle.Removed ? Removed : handler, works);

    /// <summary>Gives a published method its handler; its latency passes before the handler runs.</summary>
    public void On(string name, Handler handler) => Bind(name, handler, works: false);

    /// <summary>Gives a published method a handler that takes its objects at once and lets the latency pass in <see cref="Call.Work"/>.</summary>
    public void Works(string name, Handler handler) => Bind(name, handler, works: true);

    /// <summary>Hand-written setters that check nothing: the field of the same name takes the value.</summary>
    public void PlainSetters(string className, params string[] fields)
    {
        foreach (var field in fields)
        {
            var definition = PublishedModel.Class(className).Field(field);
            On($"{className}.set_{field}", call =>
            {
                call.Target(className).Put(definition, call.Args[1]);
                return Step.Void;
            });
        }
    }

    private void Bind(string name, Handler handler, bool works)
    {
        if (!_methods.TryGetValue(name, out var method))
            throw new InvalidOperationException($"no method {name} is published: a handler for it would offer what no host has");
        _methods[name] = method with { Handler = handler, Works = works };
    }

    private static Step Removed(Call call) => throw new XapiFailure("MESSAGE_REMOVED");
}
