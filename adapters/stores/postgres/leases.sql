-- name: lease
SELECT workspace, events FROM stored_events_lease(%s, %s, %s, %s)

-- name: settled
DELETE FROM leases WHERE workspace = ANY (%s) AND worker = %s AND parked_at IS NULL

-- name: failed
UPDATE leases SET
    failures = failures + 1,
    error = %(error)s,
    failed_at = clock_timestamp(),
    leased_until = clock_timestamp() + least(power(2, failures), 300) * interval '1 second',
    parked_at = CASE WHEN failures + 1 >= %(most)s THEN clock_timestamp() END
WHERE workspace = %(workspace)s AND worker = %(worker)s
RETURNING parked_at IS NOT NULL

-- name: parked
SELECT workspace, failures, error, failed_at, parked_at FROM leases
WHERE parked_at IS NOT NULL ORDER BY parked_at

-- name: unpark
DELETE FROM leases WHERE workspace = %s AND parked_at IS NOT NULL

-- name: workers
-- A standby knows nothing of them: one row without a name.
SELECT a.application_name, a.backend_start FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ShareLock' AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (l.classid::bigint << 32) | l.objid::bigint
    = hashtextextended(current_schema() || '.workers', 0)
UNION ALL SELECT NULL, NULL WHERE pg_is_in_recovery()
ORDER BY 2, 1

-- name: overdue
SELECT count(*), min(next_due) FROM workspaces w WHERE next_due < %s
AND NOT EXISTS (SELECT FROM leases l WHERE l.workspace = w.workspace AND l.parked_at IS NOT NULL)
