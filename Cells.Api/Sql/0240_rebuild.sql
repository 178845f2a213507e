-- 0240_rebuild.sql: a rebuild names its image at once; what the server had before is kept until the rebuild has ended, for one that comes to nothing.
alter table instance_intent
    add column rebuild_intent      bigint,           -- the rebuild that has not been answered; null when there is none
    add column former_image_id     uuid,             -- with the three below: the image before it
    add column former_image_bytes  bigint,
    add column former_image_sha256 text,
    add column former_image_format text;
