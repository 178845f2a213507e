using Cells.Api.Images;
using NUnit.Framework;

namespace Cells.UnitTests.Api;

public sealed class TrailedStreamTests
{
    [Test]
    public async Task Whatever_pieces_come_the_bytes_and_the_trailer_are_told_apart([Values(1, 2, 3, 4, 5)] int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var whole = new byte[random.Next(0, 200)];
            random.NextBytes(whole);
            using var stream = new TrailedStream(new Pieces(whole, random), 32);

            var read = new MemoryStream();
            var buffer = new byte[random.Next(1, 64)];
            for (int count; (count = await stream.ReadAsync(buffer)) > 0;)
                read.Write(buffer, 0, count);

            var bytes = Math.Max(0, whole.Length - 32);
            Assert.That(read.ToArray(), Is.EqualTo(whole[..bytes]), $"seed {seed}, round {round}");
            Assert.That(stream.Trailer.ToArray(), Is.EqualTo(whole[bytes..]), $"seed {seed}, round {round}");
        }
    }

    /// <summary>Gives what it has in pieces of chance.</summary>
    private sealed class Pieces(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..random.Next(1, buffer.Length + 1)], cancellationToken);
    }
}
