-- 0225_actions.sql: what is asked of a server after its create.

-- The task_state that the last accepted action set at once; shown until the server's cell works on it.
alter table instance_intent add column task_state smallint not null default 1;
update instance_intent set task_state = 5 where desired = 'deleted';

-- The actions that the open messages of a dispatch carry, in their order; null for none. They are sent again when the link began anew.
alter table dispatch add column acts json;
-- After a link began anew its open actions are driven again.
create index dispatch_acts on dispatch (asked) where acts is not null;

-- The log of a server: each accepted action, and how it ended. It is kept as long as the server's own row.
create table instance_action (
    instance   uuid        not null,
    request_id text        not null,
    action     smallint    not null,                 -- InstanceAction
    intent     bigint,                               -- null: an action that is the home's alone (lock, unlock)
    project_id uuid        not null,
    user_id    uuid        not null,
    accepted_at timestamptz not null,
    outcome    smallint,                             -- ActionOutcome; null while it has not ended
    reason     text,                                 -- why it was refused or failed
    host_name  text,
    began_at   timestamptz,                          -- by the clock of the cell that did it, as is ended_at
    ended_at   timestamptz,
    primary key (instance, request_id)
);
-- The answer of a cell names the intent.
create unique index instance_action_intent on instance_action (instance, intent) where intent is not null;
