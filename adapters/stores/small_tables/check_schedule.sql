-- When each account is checked next, and under which lease now. Times are microseconds since 1970.

-- name: table
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

-- name: by_time
CREATE INDEX IF NOT EXISTS check_schedule_by_time ON check_schedule (due_at)

-- name: all_rows
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule ORDER BY workspace, account_id

-- name: rows_of
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule WHERE workspace = :workspace ORDER BY account_id

-- name: row
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule WHERE workspace = :workspace AND account_id = :account_id

-- name: overdue
SELECT count(*), min(due_at) FROM check_schedule WHERE due_at <= :now

-- name: any_due
SELECT 1 FROM check_schedule WHERE due_at <= :now ORDER BY due_at LIMIT 1

-- name: add
INSERT INTO check_schedule (workspace, account_id, due_at, credentials, server)
VALUES (:workspace, :account_id, :due_at, :credentials, :server) ON CONFLICT DO NOTHING

-- name: remove
DELETE FROM check_schedule WHERE workspace = :workspace AND account_id = :account_id

-- name: due
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule
WHERE due_at <= :now AND server <> ALL (:without) AND (tries = 0 OR NOT :untried)
ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED

-- name: take
UPDATE check_schedule SET due_at = :until, lease = :lease
WHERE workspace = :workspace AND account_id = :account_id

-- name: settle
UPDATE check_schedule SET
    due_at = :due_at, credentials = :credentials, server = :server, tries = :tries,
    found = :found, checked_at = :checked_at, lease = ''
WHERE workspace = :workspace AND account_id = :account_id AND lease = :lease
