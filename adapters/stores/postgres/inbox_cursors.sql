-- How far each inbox has been read. Times are microseconds since 1970.

-- name: all
SELECT account_id, place, read_until FROM inbox_cursors WHERE workspace = %s

-- name: move
INSERT INTO inbox_cursors VALUES (%s, %s, %s, %s) ON CONFLICT (workspace, account_id) DO UPDATE SET
    place = excluded.place, read_until = excluded.read_until

-- name: forget
DELETE FROM inbox_cursors WHERE workspace = %s AND account_id = %s
