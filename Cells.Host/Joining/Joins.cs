using Cells.Contracts;
using Cells.Host.Configuration;
using Cells.Host.Up;
using Cells.Messaging.Links;
using Cells.Messaging.Transports.RabbitMq;

namespace Cells.Host.Joining;

/// <summary>The links of a data directory to cells of other processes: made by a token at the parent, taken from the token at the child.</summary>
internal sealed class Joins(string data, IIdSource ids, TimeProvider time)
{
    private readonly string _links = DataDirectory.LinkKeysOf(data);
    private readonly BusAccounts _accounts = DataDirectory.BusOf(data, ids);

    /// <summary>At the parent: makes what the link lacks, and a token for the child. Running processes need not be stopped for it.</summary>
    /// <param name="childBroker">Where the child shall hear; null: where it was told before, else at the parent's broker.</param>
    /// <exception cref="CellsException">No cell of the file has this child.</exception>
    public JoinToken Issue(RunFile file, CellName child, Uri? childBroker, TimeSpan valid)
    {
        var parent = file.Topology.Cells.FirstOrDefault(cell => cell.ChildrenElsewhere.Contains(child))
            ?? throw new CellsException($"No cell of {file.Path} has a child '{child}' in another process. {Known(file)}");
        var broker = file.BrokerOfOwnCells();
        FileLinkKeys.CreateMissing(_links, parent.Name, child, ids);
        var heard = childBroker ?? _accounts.FindBroker(child) ?? broker;
        _accounts.PutBroker(child, heard);
        var expires = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + valid).ToUnixTimeSeconds());
        FileLinkKeys.PutJoinBefore(_links, child, parent.Name, expires);
        return new JoinToken(
            child.Value, parent.Name.Value, expires,
            FileLinkKeys.Secret(_links, parent.Name, child), FileLinkKeys.Secret(_links, child, parent.Name),
            broker, _accounts.Publisher(child, parent.Name), heard, _accounts.Publisher(parent.Name, child));
    }

    /// <summary>At the child: takes what the token of the file holds, once. Later starts do not look at its end.</summary>
    /// <exception cref="CellsException">There is no token for a cell whose parent is elsewhere, or it is another's, or over.</exception>
    public void Use(RunFile file)
    {
        foreach (var cell in file.Topology.Cells.Where(file.Topology.HasParentElsewhere))
        {
            var parent = cell.Parent!.Value;
            if (file.Join is null)
            {
                if (_accounts.FindBroker(parent) is null)
                    throw new CellsException(
                        $"{file.Path}: the parent '{parent}' of cell '{cell.Name}' runs in another process, and this one has not joined it. "
                        + $"Make a token there with `cells cell token {cell.Name} --config FILE`, and name its file here as 'join'.");
                continue;
            }
            Take(JoinToken.Parse(ReadToken(file.Join), file.Join), file, cell.Name, parent);
        }
    }

    private void Take(JoinToken token, RunFile file, CellName cell, CellName parent)
    {
        if (token.Child != cell.Value || token.Parent != parent.Value)
            throw new CellsException($"{file.Join} is a token for cell '{token.Child}' under '{token.Parent}', not for '{cell}' under '{parent}' as {file.Path} says. Use the one that was made for this cell.");
        var mark = $"{cell}.{parent}.joined";
        if (_accounts.FindMark(mark) == token.Mark)
            return;
        if (time.GetUtcNow() >= token.Expires)
            throw new CellsException($"{file.Join}: the token for cell '{cell}' ended at {token.Expires:u}, before it was used. Make another one with `cells cell token {cell} --config FILE` at '{parent}'.");
        if (token.ChildBroker != file.BrokerOfOwnCells())
            throw new CellsException(
                $"{file.Join}: the parent believes that cell '{cell}' hears at {BrokerNames.Shown(token.ChildBroker)}, and {file.Path} says {BrokerNames.Shown(file.BrokerOfOwnCells())}. "
                + "Make the token with the child's broker: `cells cell token --child-bus URL`.");
        FileLinkKeys.Put(_links, parent, cell, token.KeyDown);
        FileLinkKeys.Put(_links, cell, parent, token.KeyUp);
        _accounts.PutPublisher(cell, parent, token.ParentPassword);
        _accounts.PutPublisher(parent, cell, token.ChildPassword);
        _accounts.PutBroker(parent, token.ParentBroker);
        _accounts.PutMark(mark, token.Mark);      // last: a crash before it takes the token again
    }

    private static string ReadToken(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CellsException($"The join token {path} cannot be read: {error.Message}", error);
        }
    }

    private static string Known(RunFile file)
    {
        var known = file.Topology.Cells.SelectMany(cell => cell.ChildrenElsewhere).ToList();
        return known.Count == 0
            ? "Name it under its parent's key 'children' first."
            : $"It names these: {string.Join(", ", known)}. Name the new one under its parent's key 'children' first.";
    }
}
