using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Wire;

/// <summary>A constructor record: the writable fields that came, converted. Unknown and read-only members were ignored.</summary>
internal sealed class RecordArg(ClassDef definition, object?[] values, bool[] given)
{
    public bool Has(string field) => given[definition.Field(field).Index];
    public object? this[string field] => values[definition.Field(field).Index];

    /// <summary>All fields of a new object: given ones, else defaults.</summary>
    /// <exception cref="XapiFailure">INTERNAL_ERROR naming the first mandatory field that is missing.</exception>
    public object?[] ToValues()
    {
        var all = new object?[definition.Fields.Count];
        foreach (var field in definition.Fields)
        {
            if (!given[field.Index] && field.Mandatory && field.Access != FieldAccess.ReadOnly)
                throw XapiFailure.Internal($"Server_helpers.Dispatcher_FieldNotFound(\"{field.Name}\")");
            all[field.Index] = given[field.Index] ? values[field.Index] : field.Default;
        }
        return all;
    }
}
