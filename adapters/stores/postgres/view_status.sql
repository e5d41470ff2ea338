-- How views stand, and who leads them.

-- name: standings
SELECT name, coalesce(t.notification_id, 0), s.stopped_at, s.error, s.stopped_since,
    k.position, k.reason, k.actor, k.skipped_at
FROM unnest(%s::text[]) AS name
LEFT JOIN tracking t ON t.application_name = name
LEFT JOIN standings s ON s.projection = name
LEFT JOIN skips k ON k.projection = name
ORDER BY name, k.position

-- name: stop
INSERT INTO standings AS s (projection, stopped_at, error, stopped_since)
SELECT %(projection)s, %(position)s, %(error)s, %(since)s
WHERE %(position)s - 1 = coalesce(
    (SELECT notification_id FROM tracking WHERE application_name = %(projection)s), 0
) AND NOT EXISTS (
    SELECT FROM skips WHERE projection = %(projection)s AND position = %(position)s
)
ON CONFLICT (projection) DO UPDATE SET
    stopped_at = excluded.stopped_at, error = excluded.error, stopped_since = excluded.stopped_since

-- name: lock_standing
SELECT FROM standings WHERE projection = %s FOR UPDATE

-- name: clear_stop
UPDATE standings SET stopped_at = NULL, error = NULL, stopped_since = NULL WHERE projection = %s

-- name: skip
INSERT INTO skips VALUES (%s, %s, %s, %s, %s)

-- name: wake_workers
SELECT pg_notify(current_schema() || '.stored_events', '')

-- name: epochs
SELECT projection, epoch FROM standings WHERE projection = ANY (%s) ORDER BY projection FOR SHARE

-- name: names
SELECT application_name FROM tracking WHERE position('/' IN application_name) > 0
UNION SELECT substr(tablename, 6) FROM pg_tables
WHERE schemaname = current_schema() AND starts_with(tablename, 'view_')

-- name: told
SELECT pg_notify(current_schema() || '.views', ''), set_config('synchronous_commit', 'off', true)

-- name: lead
SELECT name FROM unnest(%s::text[]) AS name
WHERE pg_try_advisory_lock(hashtextextended(current_schema() || '.leader:' || name, 2))

-- name: begin_epoch
INSERT INTO standings AS s (projection, epoch, keeper, kept_since)
SELECT name, 1, %s, clock_timestamp() FROM unnest(%s::text[]) AS name ORDER BY name
ON CONFLICT (projection) DO UPDATE SET
    epoch = s.epoch + 1, keeper = excluded.keeper, kept_since = excluded.kept_since
RETURNING projection, epoch

-- name: release
SELECT pg_advisory_unlock(hashtextextended(current_schema() || '.leader:' || name, 2))
FROM unnest(%s::text[]) AS name

-- name: keepers
SELECT s.projection, s.keeper, s.kept_since FROM standings s
WHERE s.projection = ANY (%s) AND s.keeper IS NOT NULL AND EXISTS (
    SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint
        = hashtextextended(current_schema() || '.leader:' || s.projection, 2)
)
