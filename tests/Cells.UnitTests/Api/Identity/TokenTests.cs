using Cells.Api.Identity;
using Cells.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Identity;

public sealed class TokenTests
{
    private static readonly NamedDomain Default = new("default", "Default");
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cells-test-tokens");

    [TearDown]
    public void End() => _directory.Delete(recursive: true);

    [Test]
    public void What_was_signed_is_read_back_whole()
    {
        using var signer = NewSigner("a");
        var token = NewToken();

        var read = signer.Open(signer.Sign(token))!;

        Assert.That((read.AuditId, read.User, read.Project, read.Domain, read.System, read.IssuedAt, read.ExpiresAt),
            Is.EqualTo((token.AuditId, token.User, token.Project, token.Domain, token.System, token.IssuedAt, token.ExpiresAt)));
        Assert.That(read.Roles, Is.EqualTo(token.Roles));
        Assert.That(read.Methods, Is.EqualTo(token.Methods));
    }

    [Test]
    public void A_second_signer_of_the_same_directory_has_the_same_key_and_another_has_not()
    {
        using var first = NewSigner("a");
        using var second = NewSigner("a");
        using var other = NewSigner("b");
        var text = first.Sign(NewToken());

        Assert.That(second.Open(text), Is.Not.Null);
        Assert.That(other.Open(text), Is.Null);
    }

    [Test]
    public void Nothing_can_be_changed_in_it()
    {
        using var signer = NewSigner("a");
        var text = signer.Sign(NewToken());

        for (var i = 0; i < text.Length; i += 7)
        {
            // The last character of a part holds bits that mean nothing; those before it all count.
            var changed = text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..];
            Assert.That(i == text.Length - 1 || signer.Open(changed) is null, Is.True, $"character {i}");
        }
    }

    [TestCase("")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("a.b.c")]
    [TestCase("eyJhbGciOiJub25lIn0.e30.")]
    [TestCase("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA")]
    [TestCase("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.AAAA")]
    [TestCase("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.!!.!!")]
    public void What_is_no_token_is_refused(string text)
    {
        using var signer = NewSigner("a");

        Assert.That(signer.Open(text), Is.Null);
    }

    [Test]
    public void A_password_matches_its_own_hash_only()
    {
        var ids = new SystemIds();
        var (hash, again) = (PasswordHash.Of("secret", ids), PasswordHash.Of("secret", ids));

        Assert.That(PasswordHash.Matches("secret", hash), Is.True);
        Assert.That(PasswordHash.Matches("Secret", hash), Is.False);
        Assert.That(hash, Is.Not.EqualTo(again), "each has a salt of its own");
        Assert.That(() => PasswordHash.Matches("secret", "md5$1$x$y"), Throws.TypeOf<FormatException>());
    }

    private TokenSigner NewSigner(string name) => new(Path.Combine(_directory.FullName, name), NullLogger.Instance);

    private static Token NewToken() => new(
        "audit", ["password"], new NamedUser(new UserId(Guid.NewGuid()), "somebody", Default), new NamedProject(new ProjectId(Guid.NewGuid()), "somewhere", Default),
        null, false, [new NamedRole(Guid.NewGuid(), "member")], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddHours(1));
}
