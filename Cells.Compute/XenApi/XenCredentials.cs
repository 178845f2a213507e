namespace Cells.Compute.XenApi;

/// <summary>Who we log in as. Never printed.</summary>
public sealed record XenCredentials(string User, string Password)
{
    public override string ToString() => $"{User} (password not shown)";
}
