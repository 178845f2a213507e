using System.Globalization;
using System.Security;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Wire;

/// <summary>task.result is XML-RPC text whatever the caller's protocol; integers are digits in plain text, and nothing stands between elements.</summary>
internal static class XmlRpcText
{
    public static string Of(object? value) => value switch
    {
        null => "<value></value>",
        string text => $"<value>{SecurityElement.Escape(text)}</value>",
        long number => $"<value>{number.ToString(CultureInfo.InvariantCulture)}</value>",
        bool flag => $"<value><boolean>{(flag ? 1 : 0)}</boolean></value>",
        double real => $"<value><double>{real.ToString("R", CultureInfo.InvariantCulture)}</double></value>",
        string[] set => $"<value><array><data>{string.Concat(set.Select(Of))}</data></array></value>",
        StringMap map => $"<value><struct>{string.Concat(map.Select(p => $"<member><name>{SecurityElement.Escape(p.Key)}</name>{Of(p.Value)}</member>"))}</struct></value>",
        _ => throw new InvalidOperationException($"a {value.GetType().Name} cannot be the result of a task"),
    };
}
