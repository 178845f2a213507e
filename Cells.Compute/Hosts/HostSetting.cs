using System.Text.Json;
using Cells.Compute.Instances;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Compute.Hosts;

/// <summary>Keeps what operators have said of a host. One of a lower number than the row's changes nothing, and does not miss.</summary>
internal sealed record PutHostSetting(ConfigureHost Setting) : IWrite
{
    private const string Sql = """
        insert into host_setting as s (host_id, number, disabled, reason, forced_down, zone, aggregates, draining)
        select distinct on (w.host_id) w.host_id, w.number, w.disabled, w.reason, w.forced_down, w.zone, w.aggregates, w.draining
          from unnest(@hosts, @numbers, @disabled, @reasons, @forced, @zones, @aggregates, @draining)
            as w (host_id, number, disabled, reason, forced_down, zone, aggregates, draining)
         order by w.host_id, w.number desc
            on conflict (host_id) do update
           set number      = excluded.number,
               disabled    = excluded.disabled,
               reason      = excluded.reason,
               forced_down = excluded.forced_down,
               zone        = excluded.zone,
               aggregates  = excluded.aggregates,
               draining    = excluded.draining
         where excluded.number > s.number
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<PutHostSetting>(
        "put-host-setting", 125, Sql,
        Column.Uuid<PutHostSetting>("hosts", w => w.Setting.Host.Value),
        Column.Bigint<PutHostSetting>("numbers", w => w.Setting.Number),
        Column.Boolean<PutHostSetting>("disabled", w => w.Setting.Disabled),
        Column.Text<PutHostSetting>("reasons", w => w.Setting.Reason),
        Column.Boolean<PutHostSetting>("forced", w => w.Setting.ForcedDown),
        Column.Text<PutHostSetting>("zones", w => w.Setting.Zone),
        Column.Json<PutHostSetting>("aggregates", w => JsonSerializer.Serialize(w.Setting.Aggregates, ComputeJsonContext.Default.IReadOnlyListHostAggregate)),
        Column.Boolean<PutHostSetting>("draining", w => w.Setting.Draining));

    public WriteKind Kind => TheKind;
}
