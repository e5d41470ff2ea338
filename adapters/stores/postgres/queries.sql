-- name: begin
BEGIN

-- name: commit
COMMIT

-- name: enter
SELECT name, now, last_position, due, known FROM stored_events_enter($1, $2, $3, $4, $5)

-- name: look
SELECT greatest(coalesce(%s, clock_timestamp()), recorded_at), coalesce(last_position, 0)
FROM (SELECT) one LEFT JOIN workspaces ON workspace = %s

-- name: append
SELECT stored_events_append($1, $2, $3, $4, $5)

-- name: append_one_unmoved
CALL stored_events_append_one_unmoved(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, NULL, NULL
)

-- name: append_unmoved
CALL stored_events_append_unmoved(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, NULL
)

-- name: append_plain_unmoved
CALL stored_events_append_plain_unmoved(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    NULL, NULL, NULL
)

-- name: on_disk
SELECT stored_events_on_disk()

-- name: insert
SELECT stored_events_insert(%s::text[], %s::bigint[], %s::text[], %b::bytea[], %s, %s)

-- name: insert_one
SELECT stored_events_insert(
    ARRAY[%s::text], ARRAY[%s::bigint], ARRAY[%s::text], ARRAY[%b::bytea], %s, %s
)

-- name: lock_order
SELECT stored_events_lock_order(), set_config('synchronous_commit', 'off', true)

-- name: copy_events
COPY stored_events (originator_id, originator_version, topic, state, notification_id)
FROM STDIN (FORMAT BINARY)

-- name: complete
SELECT stored_events_complete(%s, %s)

-- name: now
SELECT clock_timestamp()

-- name: last_position
SELECT coalesce(max(notification_id), 0) FROM stored_events

-- name: announced_position
SELECT coalesce((
    SELECT first_position + event_count - 1 FROM envelopes
    WHERE event_count > 0 ORDER BY first_position DESC LIMIT 1
), 0)

-- name: last_position_until
-- Between workspaces the log is not in order of time. The sum keeps the planner from walking the log
-- back for the maximum: that takes the longer the earlier the time; the index on times has both.
SELECT first_position + event_count - 1 FROM envelopes
WHERE event_count > 0 AND recorded_at <= %(at)s AND first_position <= (
    SELECT max(first_position + 0) FROM envelopes WHERE recorded_at <= %(at)s
) ORDER BY first_position DESC LIMIT 1

-- name: stream_until
SELECT notification_id, originator_id, originator_version, topic, state
FROM stored_events WHERE originator_id = %s AND notification_id <= %s ORDER BY originator_version

-- name: envelopes_of_stream
SELECT * FROM envelopes WHERE event_count > 0 AND first_position IN (
    SELECT (
        SELECT max(first_position) FROM envelopes
        WHERE event_count > 0 AND first_position <= stored_events.notification_id
    )
    FROM stored_events WHERE originator_id = %s AND notification_id <= %s
) ORDER BY first_position

-- name: read_log
SELECT notification_id, originator_id, originator_version, topic, state
FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT %s

-- name: seen_on_disk
-- What is committed can be seen a moment before it is on the disk.
SELECT CASE
    WHEN pg_is_in_recovery() THEN NULL
    WHEN pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() THEN stored_events_on_disk()
END

-- name: read_stream
SELECT notification_id, originator_id, originator_version, topic, state
FROM stored_events WHERE originator_id = %s AND originator_version > %s
ORDER BY originator_version LIMIT %s

-- name: next_due
SELECT min(next_due) FROM workspaces WHERE next_due IS NOT NULL

-- name: due_workspaces
SELECT workspace FROM workspaces WHERE next_due <= %s ORDER BY workspace

-- name: save_snapshot
INSERT INTO snapshots AS s VALUES (%s, %s, %s, %s) ON CONFLICT (stream_id) DO UPDATE
SET version = excluded.version, topic = excluded.topic, state = excluded.state
WHERE s.version < excluded.version OR s.topic <> excluded.topic

-- name: of_one_moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: anywhere_on_roster
SELECT EXISTS (
    SELECT FROM workspaces w
    WHERE EXISTS (SELECT FROM roster r WHERE r.workspace = w.workspace AND r.entry = %s)
)

-- name: all_due
SELECT workspace, next_due FROM workspaces WHERE next_due IS NOT NULL

-- name: lock_indexes
LOCK TABLE timers, roster, workspaces IN SHARE ROW EXCLUSIVE MODE

-- name: copy_timers
COPY timers FROM STDIN

-- name: copy_roster
COPY roster FROM STDIN

-- name: derive_next_due
UPDATE workspaces w SET next_due = (SELECT min(due_at) FROM timers t WHERE t.workspace = w.workspace)

-- name: add_workspaces_of_timers
INSERT INTO workspaces (workspace, recorded_at, last_position, events)
SELECT workspace, '-infinity', 0, 0 FROM timers GROUP BY workspace
ON CONFLICT DO NOTHING
