using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Objects;

/// <summary>References that are kept in both directions: a field of one object and a set in the object it names.</summary>
internal static class Links
{
    private static readonly (string Class, string Field, string Target, string Set)[] Pairs =
    [
        ("VBD", "VM", "VM", "VBDs"), ("VBD", "VDI", "VDI", "VBDs"),
        ("VIF", "VM", "VM", "VIFs"), ("VIF", "network", "network", "VIFs"),
        ("PIF", "network", "network", "PIFs"), ("PIF", "host", "host", "PIFs"),
        ("PBD", "host", "host", "PBDs"), ("PBD", "SR", "SR", "PBDs"),
        ("VDI", "SR", "SR", "VDIs"), ("VDI", "snapshot_of", "VDI", "snapshots"),
        ("VM", "resident_on", "host", "resident_VMs"), ("VM", "snapshot_of", "VM", "snapshots"), ("VM", "parent", "VM", "children"),
        ("VM", "appliance", "VM_appliance", "VMs"), ("console", "VM", "VM", "consoles"),
        ("task", "subtask_of", "task", "subtasks"), ("host_cpu", "host", "host", "host_CPUs"),
    ];

    private static readonly (ClassDef Target, FieldDef Set)?[][] Table = Build();

    /// <summary>Where the reference in this field is mirrored, or null when it is one-way.</summary>
    public static (ClassDef Target, FieldDef Set)? Of(ClassDef definition, FieldDef field) => Table[definition.Index][field.Index];

    private static (ClassDef, FieldDef)?[][] Build()
    {
        var table = PublishedModel.Classes.Select(c => new (ClassDef, FieldDef)?[c.Fields.Count]).ToArray();
        foreach (var (className, field, target, set) in Pairs)
        {
            var from = PublishedModel.Class(className);
            var to = PublishedModel.Class(target);
            table[from.Index][from.Field(field).Index] = (to, to.Field(set));
        }
        return table;
    }
}
