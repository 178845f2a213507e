using System.Net.Sockets;
using RabbitMQ.Client.Exceptions;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>What a failed use of a broker says about it, in words that continue "the broker ...". The same cause gives the same words.</summary>
internal static class BrokerProblem
{
    private const string NotDeclared = "has no queue for us yet: its cell has not declared it";

    /// <returns>Null for what a broker or a network does not do: a bug, to be shown whole.</returns>
    public static string? Of(Exception error, Uri url) => Innermost(error) switch
    {
        AuthenticationFailureException or PossibleAuthenticationFailureException =>
            $"refuses the account '{Uri.UnescapeDataString(url.UserInfo.Split(':')[0])}': it is not there, or its password is another. Import the cell's definitions there (`cells bus definitions`)",
        OperationInterruptedException { ShutdownReason.ReplyCode: 404 } => NotDeclared,
        OperationInterruptedException { ShutdownReason: { } reason } => reason.ReplyCode is 403 or 530
            ? $"does not allow it ({reason.ReplyText})"
            : Closed(reason.ReplyText),
        PublishException { IsReturn: true } => NotDeclared,
        SocketException socket => $"cannot be reached ({socket.Message})",
        TimeoutException or OperationCanceledException => "does not answer",
        IOException or AlreadyClosedException or ObjectDisposedException => Closed(null),
        ConnectFailureException or BrokerUnreachableException => "cannot be reached",
        _ => null,
    };

    public static string Closed(string? why) => string.IsNullOrEmpty(why) ? "closed the connection" : $"closed the connection ({why})";

    private static Exception Innermost(Exception error)
    {
        while (error is not OperationInterruptedException { ShutdownReason: not null } and not AuthenticationFailureException
            && (error is AggregateException many ? many.InnerExceptions[0] : error.InnerException) is { } cause)
        {
            error = cause;
        }
        return error;
    }
}
