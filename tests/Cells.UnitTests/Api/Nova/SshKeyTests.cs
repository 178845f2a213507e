using Cells.Api.Nova;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Nova;

public sealed class SshKeyTests
{
    [Test]
    public void A_public_key_is_taken_with_its_comment_and_has_the_fingerprint_that_ssh_keygen_shows()
    {
        // ssh-keygen -l -E md5 says the same of this key.
        const string line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/GuYHLT77J42RA35ocJQajlqeK78PGpWfl4XuY4Bmh somebody at a laptop";

        var key = SshKey.Parse(line + "\n");

        Assert.That(key, Is.EqualTo(new SshKey(line, "7e:26:f2:32:7e:10:8d:9f:55:71:3b:4e:58:da:3e:25")));
    }

    [TestCase("")]
    [TestCase("ssh-ed25519")]
    [TestCase("ssh-ed25519 !!!!")]
    [TestCase("ssh-ed25519 AAAA")]
    [TestCase("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ/GuYHLT77J42RA35ocJQajlqeK78PGpWfl4XuY4Bmh")]
    [TestCase("ssh-new AAAAC3NzaC1lZDI1NTE5AAAAIJ/GuYHLT77J42RA35ocJQajlqeK78PGpWfl4XuY4Bmh")]
    public void What_is_no_public_key_is_refused(string text) => Assert.That(SshKey.Parse(text), Is.Null);

    [Test]
    public void A_made_key_is_read_back()
    {
        var (made, pem) = SshKey.Make();

        Assert.That(SshKey.Parse(made.PublicKey), Is.EqualTo(made));
        Assert.That(pem, Does.StartWith("-----BEGIN RSA PRIVATE KEY-----\n").And.EndWith("-----END RSA PRIVATE KEY-----\n"));
    }
}
