-- 0271_fences.sql: an operator's word that a host surely runs nothing any more; it goes down with all else that was said of the host.
alter table host_setting
    add column fence jsonb;   -- FenceWord; null: there is none
