namespace Cells.Messaging.Actors;

/// <summary>A message that no handler took.</summary>
/// <param name="Recipient">Whom it was told.</param>
public sealed record DeadLetter(object Message, IActorRef? Sender, ActorPath Recipient, DeadLetterReason Reason);

public enum DeadLetterReason
{
    /// <summary>The recipient has terminated.</summary>
    Stopped = 1,

    /// <summary>The recipient's mailbox was full.</summary>
    MailboxFull = 2,

    /// <summary>The recipient has no handler for it.</summary>
    Unhandled = 3,

    /// <summary>The Ask it answers has ended.</summary>
    AnswerTooLate = 4,

    /// <summary>It was told to the dead letters themselves: an answer to a message without sender.</summary>
    NoRecipient = 5,
}

/// <summary>How often messages of one type to one actor were lost for one reason.</summary>
public readonly record struct DeadLetterCount(string Recipient, string MessageType, DeadLetterReason Reason, long Count);
