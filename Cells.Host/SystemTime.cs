namespace Cells.Host;

/// <summary>The one place of the executable that names the system clock; everybody else is handed a <see cref="TimeProvider"/>.</summary>
internal static class SystemTime
{
#pragma warning disable RS0030 // this is the one place
    public static TimeProvider Provider => TimeProvider.System;
#pragma warning restore RS0030
}
