-- 0246_drain.sql: an operator's word that a host is to be emptied for service.

alter table host_setting add column draining boolean not null default false;
