-- 0120_host_settings.sql: what operators have said of hosts, above in the tree. The cell does not judge it: the highest number counts.
create table host_setting (
    host_id     uuid    primary key,                 -- a host that this cell may not have met yet
    number      bigint  not null,
    disabled    boolean not null,
    reason      text,
    forced_down boolean not null,
    zone        text,                                -- null: the cell's own
    aggregates  jsonb   not null                     -- [HostAggregate]
);
