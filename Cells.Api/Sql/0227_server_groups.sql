-- 0227_server_groups.sql: servers that shall be together, or apart.
create table server_group (
    id           uuid        primary key,
    project_id   uuid        not null,
    user_id      uuid        not null,
    name         text        not null,
    policy       smallint    not null check (policy between 1 and 4),   -- GroupPolicy
    max_per_host integer     not null check (max_per_host > 0),
    cell         text,                                                   -- hard affinity: the compute cell that all of it are sent to
    created_at   timestamptz not null
);
-- A project's groups, oldest first, and their count behind every new one.
create index server_group_project on server_group (project_id, created_at, id);

alter table instance_intent
    add column group_id uuid;
-- The members of a group.
create index instance_intent_group on instance_intent (group_id) where group_id is not null and terminated_at is null;
