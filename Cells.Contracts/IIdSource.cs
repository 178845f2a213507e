namespace Cells.Contracts;

/// <summary>Where new ids and secret bytes come from. Production: the system's random number generator; stepped worlds: the seed.</summary>
public interface IIdSource
{
    Guid NewGuid();

    /// <summary>Fills with unpredictable bytes (keys, nonces, tickets).</summary>
    void Fill(Span<byte> bytes);
}
