-- How far each inbox has been read.

-- name: table
CREATE TABLE IF NOT EXISTS inbox_cursors (
    workspace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    place TEXT NOT NULL,
    read_until BIGINT,
    PRIMARY KEY (workspace, account_id)
)

-- name: all
SELECT account_id, place, read_until FROM inbox_cursors WHERE workspace = :workspace

-- name: move
INSERT INTO inbox_cursors (workspace, account_id, place, read_until)
VALUES (:workspace, :account_id, :place, :read_until)
ON CONFLICT (workspace, account_id) DO UPDATE SET
    place = excluded.place, read_until = excluded.read_until

-- name: forget
DELETE FROM inbox_cursors WHERE workspace = :workspace AND account_id = :account_id
