-- When each account is checked next, and under which lease now. Times are microseconds since 1970.

-- name: check_schedule
CREATE TABLE IF NOT EXISTS check_schedule (
    workspace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    credentials TEXT,
    server TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    found TEXT,
    checked_at INTEGER,
    lease TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (workspace, account_id)
) WITHOUT ROWID

-- name: check_schedule_by_time
CREATE INDEX IF NOT EXISTS check_schedule_by_time ON check_schedule (due_at)

-- name: table_there
SELECT count(*) FROM sqlite_master WHERE name = 'check_schedule'

-- name: all_rows
SELECT * FROM check_schedule ORDER BY workspace, account_id

-- name: rows_of
SELECT * FROM check_schedule WHERE workspace = ? ORDER BY account_id

-- name: row
SELECT * FROM check_schedule WHERE workspace = ? AND account_id = ?

-- name: overdue
SELECT count(*), min(due_at) FROM check_schedule WHERE due_at <= ?

-- name: add
INSERT INTO check_schedule (workspace, account_id, due_at, credentials, server)
VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: remove
DELETE FROM check_schedule WHERE workspace = ? AND account_id = ?

-- name: due
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, :lease
FROM check_schedule
WHERE due_at <= :now
AND server NOT IN (SELECT value FROM json_each(:without)) AND (tries = 0 OR NOT :untried)
ORDER BY due_at LIMIT :most

-- name: take
UPDATE check_schedule SET due_at = ?, lease = ? WHERE workspace = ? AND account_id = ?

-- name: settle
UPDATE check_schedule SET
    due_at = ?, credentials = ?, server = ?, tries = ?, found = ?, checked_at = ?, lease = ''
WHERE workspace = ? AND account_id = ? AND lease = ?
