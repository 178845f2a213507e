-- 0141_drain.sql: hosts that are emptied for service.

alter table host_setting add column draining boolean not null default false;
-- How far it has come (HostDrain); null while it is not drained. Kept until the hypervisor takes new VMs again, where the cell told it not to.
alter table host add column drain jsonb;
