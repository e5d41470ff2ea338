-- Up to where the store was told outside: one row, or none.

-- name: relay_mark
CREATE TABLE IF NOT EXISTS relay_mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    topic TEXT NOT NULL,
    topic_id TEXT NOT NULL,
    entry INTEGER NOT NULL
)

-- name: there
SELECT count(*) FROM sqlite_master WHERE name = 'relay_mark'

-- name: read
SELECT topic, topic_id, entry FROM relay_mark

-- name: write
INSERT OR REPLACE INTO relay_mark VALUES (1, ?, ?, ?)

-- name: forget
DELETE FROM relay_mark
