using System.Security.Cryptography;
using System.Text;
using Cells.Contracts;

namespace Cells.Messaging.Links;

/// <summary>Keys derived from one secret, whatever the order of asking: for cells that share a process in tests and stepped worlds.</summary>
public sealed class DerivedLinkKeys(ReadOnlyMemory<byte> secret) : ILinkKeys
{
    public LinkKey Find(CellName from, CellName to) =>
        new(HMACSHA256.HashData(secret.Span, Encoding.ASCII.GetBytes($"link {from} {to}")));
}
