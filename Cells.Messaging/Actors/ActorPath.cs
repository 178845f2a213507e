using System.Buffers;

namespace Cells.Messaging.Actors;

/// <summary>Where an actor stands, from its system down: <c>east-1/user/pool-3/host-7</c>.</summary>
public sealed class ActorPath : IEquatable<ActorPath>
{
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*+:@&=,!~';()$");

    private readonly string _text;

    internal ActorPath(ActorPath? parent, string name)
    {
        (Parent, Name) = (parent, name);
        _text = parent is null ? name : $"{parent._text}/{name}";
    }

    public ActorPath? Parent { get; }

    public string Name { get; }

    public override string ToString() => _text;

    public bool Equals(ActorPath? other) => other is not null && other._text == _text;

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>'$' begins the names that the kernel gives, as in Akka.NET.</summary>
    internal static void RequireValidName(string name)
    {
        if (name.Length == 0 || name[0] == '$' || name.AsSpan().ContainsAnyExcept(Allowed))
            throw new InvalidActorNameException(
                $"'{name}' is not an actor name: use letters, digits and any of -_.*+:@&=,!~';()$, without '$' at the start.");
    }
}
