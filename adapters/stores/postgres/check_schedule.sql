-- When each account is checked next, and under which lease now.

-- name: all_rows
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule ORDER BY workspace, account_id

-- name: rows_of
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule WHERE workspace = %s ORDER BY account_id

-- name: row
SELECT workspace, account_id, due_at, credentials, server, tries, found, checked_at, lease
FROM check_schedule WHERE workspace = %s AND account_id = %s

-- name: overdue
SELECT count(*), min(due_at) FROM check_schedule WHERE due_at <= %s

-- name: add
INSERT INTO check_schedule (workspace, account_id, due_at, credentials, server)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING

-- name: remove
DELETE FROM check_schedule WHERE workspace = %s AND account_id = %s

-- name: take
WITH due AS (
    SELECT workspace, account_id, due_at FROM check_schedule
    WHERE due_at <= %(now)s
    AND server <> ALL (%(without)s) AND (tries = 0 OR NOT %(untried)s)
    ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE check_schedule s SET due_at = %(until)s, lease = %(lease)s FROM due
WHERE s.workspace = due.workspace AND s.account_id = due.account_id
RETURNING s.workspace, s.account_id, due.due_at, s.credentials, s.server, s.tries, s.found,
    s.checked_at, s.lease

-- name: settle
UPDATE check_schedule SET
    due_at = %s, credentials = %s, server = %s, tries = %s, found = %s, checked_at = %s, lease = ''
WHERE workspace = %s AND account_id = %s AND lease = %s
