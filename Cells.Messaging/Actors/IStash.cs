namespace Cells.Messaging.Actors;

/// <summary>Puts messages aside until the actor can handle them.</summary>
public interface IStash
{
    /// <summary>Puts the message at hand aside.</summary>
    /// <exception cref="StashOverflowException">As many as the mailbox may hold are put aside already.</exception>
    /// <exception cref="InvalidOperationException">No message is at hand, or it was put aside already.</exception>
    void Stash();

    /// <summary>Puts all back before what waits in the mailbox, in the order they came. A restart does so too; a stop makes them dead letters.</summary>
    void UnstashAll();
}
