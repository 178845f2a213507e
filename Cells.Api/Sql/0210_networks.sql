-- 0210_networks.sql: networks of tenants, the addresses on them, and who has which.

create table network (
    id          uuid        primary key,
    project_id  uuid        not null,
    name        text        not null,
    description text        not null,
    key         text        not null,                  -- what each pool's XenAPI network is found by (ADR 0012)
    shared      boolean     not null,
    admin_up    boolean     not null,
    mtu         integer     not null,
    created_at  timestamptz not null,
    generation  bigint      not null default 1         -- also raised by a new subnet: two that overlap are never both taken
);

create table subnet (
    id          uuid        primary key,
    network_id  uuid        not null references network (id),
    project_id  uuid        not null,
    name        text        not null,
    description text        not null,
    cidr        text        not null,                  -- IPv4
    gateway_ip  inet,
    pools       jsonb       not null,                  -- [{start, end}]: what addresses are given from
    dns         jsonb       not null,
    created_at  timestamptz not null
);
-- A network's subnets, oldest first.
create index subnet_network on subnet (network_id, created_at, id);

-- One interface and its one address. The two unique constraints are what makes addresses and MACs unique, whoever chooses them.
create table port (
    id               uuid        primary key,
    network_id       uuid        not null references network (id),
    project_id       uuid        not null,
    name             text        not null,
    description      text        not null,
    mac              text        not null unique,
    subnet_id        uuid        not null references subnet (id),
    ip               inet        not null,
    instance_id      uuid,                             -- null: free to be given to a server
    device           smallint    not null default 0,   -- which of the server's interfaces
    made_with_server boolean     not null,             -- and goes with it; others stay, free again
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    unique (subnet_id, ip)
);
-- The addresses of a page of servers, and what a server that is gone gives back.
create index port_instance on port (instance_id, device) where instance_id is not null;
-- A project's list of ports, and the count behind every port that is made alone.
create index port_project on port (project_id, id);
-- Whether a network may go.
create index port_network on port (network_id);

-- Ports that a project makes itself; null: the default, -1: no limit. Those that come with servers are bounded by the quota of servers.
alter table project_quota
    add column ports integer;
