-- 0228_user_quotas.sql: limits of one user within a project.

-- Null: no limit but the project's. -1: none.
create table user_quota (
    project_id           uuid    not null references project (id),
    user_id              uuid    not null,
    instances            integer,
    cores                integer,
    ram_mib              bigint,
    primary key (project_id, user_id)
);
