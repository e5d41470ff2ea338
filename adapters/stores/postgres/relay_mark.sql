-- Up to where the store was told outside. The table is made by the migration 0007.

-- name: read
SELECT topic, topic_id, entry FROM relay_mark

-- name: write
INSERT INTO relay_mark VALUES (1, %s, %s, %s) ON CONFLICT (one) DO UPDATE SET
    topic = excluded.topic, topic_id = excluded.topic_id, entry = excluded.entry

-- name: forget
DELETE FROM relay_mark
