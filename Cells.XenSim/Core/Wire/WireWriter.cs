using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Wire;

/// <summary>Writes values as one of the two protocols has them (XenAPI wire protocol, type encodings).</summary>
internal abstract class WireWriter
{
    public abstract void BeginStruct();
    public abstract void EndStruct();
    public abstract void Member(string name);
    public abstract void Member(FieldDef field);
    public abstract void BeginArray();
    public abstract void EndArray();
    public abstract void Text(string text);
    public abstract void Flag(bool flag);
    public abstract void Real(double real);

    /// <summary>A published int: a number in JSON, digits in plain text in XML-RPC.</summary>
    public abstract void Int(long number);

    /// <summary>One of the few numbers that are 32 bits wide in XML-RPC (valid_ref_counts).</summary>
    public abstract void Count(int number);

    public abstract void Instant(string instant);

    /// <summary>An int or float of a map, which the database keeps as text.</summary>
    public abstract void Number(XapiType type, string digits);
}
