-- name: range
-- All of one moment. What comes with an append is committed with it.
SELECT before.number, until.number, %(after)s::bigint + 1 - before.number,
    least(log.last_position, %(after)s::bigint + %(limit)s::bigint + 1 - until.number)
FROM (
    SELECT coalesce((
        SELECT number FROM envelopes_without_events
        WHERE entry <= %(after)s ORDER BY entry DESC LIMIT 1
    ), 0) AS number
) before, (
    SELECT coalesce((
        SELECT number FROM envelopes_without_events
        WHERE entry <= %(after)s::bigint + %(limit)s::bigint ORDER BY entry DESC LIMIT 1
    ), 0) AS number
) until, (
    SELECT coalesce(max(notification_id), 0) AS last_position FROM stored_events
) log

-- name: numbered
SELECT n.number, n.entry, e.* FROM envelopes_without_events n
LEFT JOIN envelopes e USING (workspace, command_id)
WHERE n.number > %(numbered_before)s AND n.number <= %(last_numbered)s ORDER BY n.number

-- name: last_entry
SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events)
    + (SELECT coalesce(max(number), 0) FROM envelopes_without_events) - 1

-- name: log_end
SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events),
    (SELECT coalesce(max(number), 0) FROM envelopes_without_events)

-- name: versions
SELECT stream, version FROM unnest(%s::text[]) AS wanted (stream) CROSS JOIN LATERAL (
    SELECT max(originator_version) AS version FROM stored_events WHERE originator_id = stream
) found WHERE version IS NOT NULL

-- name: counted_until
SELECT (SELECT count(*) FROM stored_events WHERE notification_id <= %(position)s),
    (SELECT count(*) FROM envelopes WHERE first_position <= %(position)s)

-- name: unnumbered_envelopes
SELECT count(*) FROM envelopes e WHERE event_count = 0 AND NOT EXISTS (
    SELECT FROM envelopes_without_events n
    WHERE n.workspace = e.workspace AND n.command_id = e.command_id
)

-- name: odd_workspaces
-- A turn that changed timers alone was later than the last envelope, and maybe than a clock that was
-- set back since.
SELECT workspace FROM workspaces w FULL JOIN (
    SELECT workspace, max(recorded_at) AS since, coalesce(
        max(first_position + event_count - 1) FILTER (WHERE event_count > 0), 0
    ) AS last_position, sum(event_count) AS events FROM envelopes GROUP BY workspace
) e USING (workspace)
WHERE (
    w.recorded_at BETWEEN e.since AND %(latest)s
    AND w.last_position = e.last_position AND w.events = e.events
) IS NOT TRUE ORDER BY workspace

-- name: lock_order
SELECT stored_events_lock_order()

-- name: raise_generation
INSERT INTO generations
SELECT
    (SELECT max(generation) + 1 FROM generations),
    (SELECT coalesce(max(notification_id), 0) FROM stored_events)
        + (SELECT coalesce(max(number), 0) FROM envelopes_without_events),
    (SELECT coalesce(max(notification_id), 0) + 1 FROM stored_events),
    %(now)s
