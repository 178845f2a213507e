-- 0229_quota_class.sql: the limits of projects that were given none of their own.

-- One row for each class; only 'default' is anybody's. Null: Nova's own default.
create table quota_class (
    name                 text    primary key,
    instances            integer,
    cores                integer,
    ram_mib              bigint,
    key_pairs            integer,
    metadata_items       integer,
    server_groups        integer,
    server_group_members integer
);
