using System.Collections.Concurrent;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Identity;

/// <summary>
/// Says who a token is, offline: the signature is checked once and remembered, the end and the revocations are looked at each time. A token
/// revoked at this node is refused at once, one revoked at another node of the cell within <see cref="RevocationsAge"/>.
/// </summary>
public sealed class TokenVerifier(TokenSigner signer, ICellDatabase database, TimeProvider time)
{
    public static readonly TimeSpan RevocationsAge = TimeSpan.FromSeconds(5);
    private const int RememberedTokens = 10_000;

    private readonly ConcurrentDictionary<string, Token> _verified = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _revoked = new(StringComparer.Ordinal);
    private long _readAt;
    private int _reading;
    private bool _everRead;

    /// <summary>Null when the token is missing, not ours, over, or revoked.</summary>
    public async Task<Token?> VerifyAsync(string? text, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 16_384)
            return null;
        if (!_verified.TryGetValue(text, out var token))
        {
            token = signer.Open(text);
            if (token is null)
                return null;
            if (_verified.Count >= RememberedTokens)
                _verified.Clear();   // rare, and costs one signature check for each token in use
            _verified[text] = token;
        }
        if (token.ExpiresAt <= time.GetUtcNow())
        {
            _verified.TryRemove(text, out _);
            return null;
        }
        await RefreshRevocationsAsync(stop);
        return _revoked.ContainsKey(token.AuditId) ? null : token;
    }

    /// <summary>To be called once the revocation is committed.</summary>
    public void Revoked(string auditId, DateTimeOffset expiresAt) => _revoked[auditId] = expiresAt;

    // The first request waits for the list; later ones go on with the list there is while one of them renews it. While the database is away
    // tokens are judged by the last list.
    private async Task RefreshRevocationsAsync(CancellationToken stop)
    {
        if (_everRead && time.GetElapsedTime(Volatile.Read(ref _readAt)) < RevocationsAge)
            return;
        if (Interlocked.Exchange(ref _reading, 1) == 1 && _everRead)
            return;
        try
        {
            foreach (var (auditId, expiresAt) in await ReadAsync(time.GetUtcNow(), stop))
                _revoked[auditId] = expiresAt;
            foreach (var (auditId, expiresAt) in _revoked)
            {
                if (expiresAt <= time.GetUtcNow())
                    _revoked.TryRemove(auditId, out _);
            }
            _everRead = true;
        }
        catch (NpgsqlException) when (_everRead)
        {
            // Answered from the last list; the request itself meets the database's absence where it needs it.
        }
        finally
        {
            Volatile.Write(ref _readAt, time.GetTimestamp());
            Volatile.Write(ref _reading, 0);
        }
    }

    private Task<IReadOnlyList<(string AuditId, DateTimeOffset ExpiresAt)>> ReadAsync(DateTimeOffset now, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<(string, DateTimeOffset)>>("token revocations", async (connection, inner) =>
        {
            await using var command = new NpgsqlCommand("""
                select audit_id, expires_at
                  from token_revocation
                 where expires_at > @now
                 order by audit_id
                """, connection);
            command.Parameters.AddWithValue("now", now);
            await using var rows = await command.ExecuteReaderAsync(inner);
            var revoked = new List<(string, DateTimeOffset)>();
            while (await rows.ReadAsync(inner))
                revoked.Add((rows.GetString(0), rows.GetFieldValue<DateTimeOffset>(1)));
            return revoked;
        }, stop);
}
