-- 0130_disks.sql: the disks of an instance by the part they play (Cells.Compute/Instances/Disks.cs); vdi_uuid is its own, rescue_vdi_uuid the rescue disk.
-- What was its own until another one took its place; it is destroyed by this name.
alter table instance add column former_vdi_uuid uuid;
-- What is to become its own.
alter table instance add column next_vdi_uuid uuid;
-- A snapshot that is being made an image of.
alter table instance add column snapshot_vdi_uuid uuid;
-- Why the host refused a step of the running workflow, which is being undone for it; null while nothing is undone.
alter table instance add column undo_reason text;
