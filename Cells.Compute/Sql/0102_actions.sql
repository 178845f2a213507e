-- 0102_actions.sql: what was asked of an instance after its build, in the order of its intents: the one that is being done, those that wait, and how the
-- last ones ended, so that a command that comes again is answered the same way.
alter table instance add column actions jsonb not null default '{"current":null,"waiting":[],"ended":[]}';
-- Why the intent applied_intent was refused or failed; null when it was carried out.
alter table instance add column refusal text;
-- What the running workflow has to remember of its earlier steps, such as the domain that a reboot replaces.
alter table instance add column note text;
-- Whose step interrupted_step is: a delete may interrupt any workflow, not only a build.
alter table instance add column interrupted_workflow smallint;
update instance set interrupted_workflow = 1 where interrupted_step is not null;
-- The disk that a rescued instance boots from, beside its own.
alter table instance add column rescue_vdi_uuid uuid;
