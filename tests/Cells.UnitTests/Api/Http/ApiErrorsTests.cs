using System.Text;
using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class ApiErrorsTests
{
    [TestCase(400, "badRequest")]
    [TestCase(401, "unauthorized")]
    [TestCase(403, "forbidden")]
    [TestCase(404, "itemNotFound")]
    [TestCase(405, "badMethod")]
    [TestCase(409, "conflictingRequest")]
    [TestCase(413, "overLimit")]
    [TestCase(415, "badMediaType")]
    [TestCase(429, "overLimit")]
    [TestCase(501, "notImplemented")]
    [TestCase(503, "serviceUnavailable")]
    [TestCase(406, "computeFault")]
    [TestCase(410, "computeFault")]
    [TestCase(500, "computeFault")]
    public void Each_code_has_Novas_name(int status, string name)
    {
        var body = Body(ApiService.Compute, ApiResult.Refuse(status, "why not"));

        Assert.That(body, Is.EqualTo($"{{\"{name}\":{{\"code\":{status},\"message\":\"why not\"}}}}"));
    }

    [Test]
    public void Retry_after_stands_in_the_body_of_413_and_429_only()
    {
        var late = ApiResult.Refuse(429, "slower").With("Retry-After", "7");
        var away = ApiResult.Unavailable("away", TimeSpan.FromSeconds(1.2));

        Assert.That(Body(ApiService.Compute, late), Is.EqualTo("{\"overLimit\":{\"code\":429,\"message\":\"slower\",\"retryAfter\":\"7\"}}"));
        Assert.That(Body(ApiService.Compute, away), Does.Not.Contain("retryAfter"));
        Assert.That(away.Headers.Single(), Is.EqualTo(new KeyValuePair<string, string>("Retry-After", "2")));
    }

    [TestCase(ApiService.Identity)]
    [TestCase(ApiService.Image)]
    [TestCase(ApiService.Cells)]
    [TestCase(ApiService.Root)]
    public void The_others_have_Keystones_form(ApiService service) => Assert.That(
        Body(service, ApiResult.NotFound("gone")), Is.EqualTo("{\"error\":{\"code\":404,\"message\":\"gone\",\"title\":\"Not Found\"}}"));

    private static string Body(ApiService service, ApiResult refusal) => Encoding.UTF8.GetString(ApiErrors.Body(service, refusal).Span);
}
