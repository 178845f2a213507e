using System.Text;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Pools;

public sealed class SessionVaultTests
{
    private static readonly XenRef<Session> Reference = new("OpaqueRef:0123-secret");

    private readonly SeededIds _ids = new(new Random(5));
    private readonly PoolId _pool = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly Guid _record = Guid.Parse("22222222-2222-2222-2222-222222222222");

    [Test]
    public void What_was_sealed_opens_and_shows_nothing_of_itself()
    {
        var vault = NewVault(1);

        var box = vault.Seal(Reference, _pool, _record);

        Assert.That(vault.Open(box, _pool, _record), Is.EqualTo(Reference));
        Assert.That(Encoding.Latin1.GetString(box), Does.Not.Contain("OpaqueRef").And.Not.Contain("secret"));
        Assert.That(vault.Seal(Reference, _pool, _record), Is.Not.EqualTo(box), "each box has its own nonce");
    }

    [Test]
    public void It_opens_with_no_other_key_for_no_other_row_and_not_when_damaged()
    {
        var vault = NewVault(1);
        var box = vault.Seal(Reference, _pool, _record);

        Assert.That(NewVault(2).Open(box, _pool, _record), Is.Null);
        Assert.That(vault.Open(box, new PoolId(_record), _record), Is.Null);
        Assert.That(vault.Open(box, _pool, _pool.Value), Is.Null);
        Assert.That(vault.Open(box[..20], _pool, _record), Is.Null);
        for (var i = 0; i < box.Length; i++)
        {
            var damaged = (byte[])box.Clone();
            damaged[i] ^= 1;
            Assert.That(vault.Open(damaged, _pool, _record), Is.Null, $"byte {i}");
        }
    }

    [Test]
    public void The_key_is_made_once_for_its_owner_alone_and_kept()
    {
        var path = Path.Combine(Path.GetTempPath(), $"cells-vault-{Guid.NewGuid()}");
        try
        {
            var box = SessionVault.FromFile(path, _ids).Seal(Reference, _pool, _record);

            Assert.That(SessionVault.FromFile(path, _ids).Open(box, _pool, _record), Is.EqualTo(Reference));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            File.WriteAllText(path, "short");
            Assert.That(Assert.Throws<CellsException>(() => SessionVault.FromFile(path, _ids))!.Message, Does.Contain(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private SessionVault NewVault(byte key) => new([.. Enumerable.Repeat(key, 32)], _ids);
}
