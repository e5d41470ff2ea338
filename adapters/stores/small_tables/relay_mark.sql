-- Up to where the store was told outside: one row, or none.

-- name: table
CREATE TABLE IF NOT EXISTS relay_mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    topic TEXT NOT NULL,
    topic_id TEXT NOT NULL,
    entry BIGINT NOT NULL
)

-- name: read
SELECT topic, topic_id, entry FROM relay_mark

-- name: write
INSERT INTO relay_mark (one, topic, topic_id, entry) VALUES (1, :topic, :topic_id, :entry)
ON CONFLICT (one) DO UPDATE SET
    topic = excluded.topic, topic_id = excluded.topic_id, entry = excluded.entry

-- name: forget
DELETE FROM relay_mark
