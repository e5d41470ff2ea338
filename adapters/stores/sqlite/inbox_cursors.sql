-- How far each inbox has been read. Times are microseconds since 1970.

-- name: inbox_cursors
CREATE TABLE IF NOT EXISTS inbox_cursors (
    workspace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    place TEXT NOT NULL,
    read_until INTEGER,
    PRIMARY KEY (workspace, account_id)
) WITHOUT ROWID

-- name: there
SELECT count(*) FROM sqlite_master WHERE name = 'inbox_cursors'

-- name: all
SELECT account_id, place, read_until FROM inbox_cursors WHERE workspace = ?

-- name: move
INSERT OR REPLACE INTO inbox_cursors VALUES (?, ?, ?, ?)

-- name: forget
DELETE FROM inbox_cursors WHERE workspace = ? AND account_id = ?
