-- 0270_fleet_rows.sql: copies of what compute cells show of their fleet beside hosts and instances: pools, drift.
create table fleet_observed (
    kind          text    not null,        -- Cells.Contracts: PoolRow.Kind and so on
    key           text    not null,        -- the cell's name, '/', and the key within the cell
    cell          text    not null,
    link          text    not null,        -- child it came from
    generation    bigint  not null,
    deleted       boolean not null,
    body          json    not null,
    change_number bigint  not null,
    primary key (kind, key)
);
-- The state lane of the next parent reads what is above its watermark.
create index fleet_observed_change on fleet_observed (change_number);
