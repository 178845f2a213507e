-- 0200_home.sql: what a home API cell owns: who may do what, images, flavors, keys, quotas, and what users asked for.

create table domain (
    id          text        primary key,
    name        text        not null unique,
    description text        not null,
    enabled     boolean     not null
);

create table project (
    id          uuid        primary key,
    domain_id   text        not null references domain (id),
    name        text        not null,
    description text        not null,
    enabled     boolean     not null,
    unique (domain_id, name)
);

create table user_account (
    id            uuid        primary key,
    domain_id     text        not null references domain (id),
    name          text        not null,
    enabled       boolean     not null,
    password_hash text        not null,                  -- scheme$iterations$salt$hash, see PasswordHash
    unique (domain_id, name)
);

create table role (
    id   uuid primary key,
    name text not null unique
);

-- A user's role on a project (its id), a domain (its id) or the whole system ('all').
create table role_assignment (
    user_id     uuid not null references user_account (id),
    target_kind text not null check (target_kind in ('project', 'domain', 'system')),
    target_id   text not null,
    role_id     uuid not null references role (id),
    primary key (user_id, target_kind, target_id, role_id)
);

-- Tokens carry everything themselves; only what was taken back before its end is stored, until that end.
create table token_revocation (
    audit_id   text        primary key,
    expires_at timestamptz not null
);

-- One row for each project, made with it: it is also what creates of one project lock before they count (see ChargeQuota).
-- Null: the default of the cell. -1: no limit.
create table project_quota (
    project_id           uuid    primary key references project (id),
    instances            integer,
    cores                integer,
    ram_mib              bigint,
    key_pairs            integer,
    metadata_items       integer,
    server_groups        integer,
    server_group_members integer,
    generation           bigint  not null default 1
);

create table flavor (
    id          text        primary key,
    name        text        not null unique,
    vcpus       integer     not null check (vcpus > 0),
    memory_mib  bigint      not null check (memory_mib > 0),
    disk_gib    bigint      not null check (disk_gib >= 0),
    rxtx_factor double precision not null,
    is_public   boolean     not null,
    extra_specs jsonb       not null,
    created_at  timestamptz not null,
    -- A flavor never changes, but its id may be used again: a create names the one it means.
    made        uuid        not null
);

create table image (
    id               uuid        primary key,
    owner            uuid        not null,
    name             text,
    visibility       text        not null check (visibility in ('public', 'private', 'shared', 'community')),
    protected        boolean     not null,
    hidden           boolean     not null,
    disk_format      text,
    container_format text,
    min_disk_gib     integer     not null,
    min_ram_mib      integer     not null,
    tags             jsonb       not null,
    properties       jsonb       not null,
    -- Null until the bytes are there, whole and flushed: the name of their file below the image directory.
    file_name        text,
    size_bytes       bigint,
    md5              text,
    sha256           text,
    sha512           text,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    generation       bigint      not null default 1
);
-- The list's default order; names are looked up by every client that is given one.
create index image_created on image (created_at desc, id desc);
create index image_name on image (name);

create table keypair (
    user_id     uuid        not null references user_account (id),
    name        text        not null,
    number      bigint      generated always as identity,  -- the id that clients are shown
    type        text        not null check (type in ('ssh')),
    public_key  text        not null,
    fingerprint text        not null,
    created_at  timestamptz not null,
    primary key (user_id, name)
);

-- What the user asked for. What became of it is in dispatch and instance_observed.
create table instance_intent (
    id                uuid        primary key,
    project_id        uuid        not null,
    user_id           uuid        not null,
    name              text        not null,
    metadata          jsonb       not null,
    flavor_id         text        not null,                -- with the four below: the flavor as it was ordered
    flavor_name       text        not null,
    vcpus             integer     not null,
    memory_mib        bigint      not null,
    disk_gib          bigint      not null,
    image_id          uuid        not null,                -- with the three below: the image as it was ordered
    image_bytes       bigint      not null,
    image_sha256      text        not null,
    image_format      text        not null,
    key_name          text,
    availability_zone text,
    hints             jsonb       not null,
    disk_config       text        not null,
    access_ip_v4      text,
    access_ip_v6      text,
    reservation_id    text        not null,
    intent_number     bigint      not null,                -- + 1 for each accepted action; the build is 1
    desired           text        not null check (desired in ('active', 'deleted')),
    request_id        text        not null,                -- of the last accepted action
    deadline          timestamptz not null,                -- of the last accepted action
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    terminated_at     timestamptz                          -- nothing is left of it anywhere; until then it counts against the quota
);
-- A project's list, and the count behind every create: the amounts lie in the index so that counting reads no rows.
create index instance_intent_project on instance_intent (project_id, created_at desc, id desc)
    include (vcpus, memory_mib)
    where terminated_at is null;
-- The list over all projects.
create index instance_intent_created on instance_intent (created_at desc, id desc)
    where terminated_at is null;
-- Lists with deleted=true and changes-since.
create index instance_intent_terminated on instance_intent (project_id, terminated_at)
    where terminated_at is not null;
