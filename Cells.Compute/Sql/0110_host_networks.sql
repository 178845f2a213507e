-- 0110_host_networks.sql: which networks a host carries, so that a placer that has just started knows it before its pools show themselves.

alter table host
    add column networks text[] not null default '{}';   -- keys, in order (NetworkKeys)
