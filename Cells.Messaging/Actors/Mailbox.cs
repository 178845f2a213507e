using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Cells.Messaging.Actors;

/// <summary>An actor's two queues. Any thread puts in; only the thread that runs the actor takes out.</summary>
internal sealed class Mailbox(int capacity)
{
    private static readonly SystemMessage Closed = new SystemMessage.Terminate();

    private readonly ConcurrentQueue<Envelope> _messages = new();
    private int _count;
    private SystemMessage? _systemLatest;    // newest first, as senders push
    private SystemMessage? _systemInOrder;   // taken over by the reader, oldest first
    private volatile int _suspended;

    internal int Count => Volatile.Read(ref _count);

    internal bool IsClosed => ReferenceEquals(Volatile.Read(ref _systemLatest), Closed);

    /// <summary>A suspended actor (failed, or waiting for its children to end) handles system messages only.</summary>
    internal bool IsSuspended => _suspended > 0;

    internal bool HasMessages => !_messages.IsEmpty;

    internal bool HasSystemMessages
    {
        get
        {
            var latest = Volatile.Read(ref _systemLatest);
            return _systemInOrder is not null || (latest is not null && latest != Closed);
        }
    }

    internal void Suspend() => _suspended++;

    internal void Resume() => _suspended = Math.Max(0, _suspended - 1);

    /// <returns>False when the mailbox is full.</returns>
    internal bool TryEnqueue(Envelope envelope)
    {
        if (Interlocked.Increment(ref _count) > capacity)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }
        _messages.Enqueue(envelope);
        return true;
    }

    /// <summary>For what the actor itself waits for (a piped result, a single timer, Terminated): losing one to a flood from
    /// outside would leave it waiting for ever, and their number is bounded by what it began.</summary>
    internal void EnqueueBeyondCapacity(Envelope envelope)
    {
        Interlocked.Increment(ref _count);
        _messages.Enqueue(envelope);
    }

    internal bool TryDequeue(out Envelope envelope)
    {
        if (!_messages.TryDequeue(out envelope))
            return false;
        Interlocked.Decrement(ref _count);
        return true;
    }

    /// <returns>False when the mailbox is closed: its actor has terminated.</returns>
    internal bool TryEnqueue(SystemMessage message)
    {
        var latest = Volatile.Read(ref _systemLatest);
        while (latest != Closed)
        {
            message.Next = latest;
            var seen = Interlocked.CompareExchange(ref _systemLatest, message, latest);
            if (seen == latest)
                return true;
            latest = seen;
        }
        return false;
    }

    internal bool TryDequeue([NotNullWhen(true)] out SystemMessage? message)
    {
        if (_systemInOrder is null && !IsClosed)
            Append(Interlocked.Exchange(ref _systemLatest, null));
        message = _systemInOrder;
        _systemInOrder = message?.Next;
        return message is not null;
    }

    /// <summary>No system message is accepted from here on; those that are left can still be taken out.</summary>
    internal void Close()
    {
        var latest = Interlocked.Exchange(ref _systemLatest, Closed);
        if (latest != Closed)
            Append(latest);
    }

    private void Append(SystemMessage? latest)
    {
        SystemMessage? reversed = null;
        while (latest is not null)
            (latest.Next, reversed, latest) = (reversed, latest, latest.Next);
        if (_systemInOrder is null)
        {
            _systemInOrder = reversed;
            return;
        }
        var last = _systemInOrder;
        while (last.Next is not null)
            last = last.Next;
        last.Next = reversed;
    }
}
