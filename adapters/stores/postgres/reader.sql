-- name: for_reading_only
SELECT set_config('default_transaction_read_only', 'on', false),
    set_config('default_transaction_isolation', 'repeatable read', false),
    set_config('lock_timeout', %s, false),
    set_config('TimeZone', 'UTC', false)

-- name: schema
SELECT current_schema()

-- name: ends
SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events), coalesce((
    SELECT first_position + event_count - 1 FROM envelopes
    WHERE event_count > 0 ORDER BY first_position DESC LIMIT 1
), 0)

-- name: places
SELECT notification_id, topic FROM stored_events
WHERE originator_id = %s AND notification_id <= %s ORDER BY originator_version

-- name: view_position
SELECT coalesce(max(notification_id), 0) FROM tracking WHERE application_name = %s

-- name: last_position_until
-- Between workspaces the log is not in order of time. The sum keeps the planner from walking the log
-- back for the maximum: that takes the longer the earlier the time; the index on times has both.
SELECT first_position + event_count - 1 FROM envelopes
WHERE event_count > 0 AND recorded_at <= %(at)s AND first_position <= (
    SELECT max(first_position + 0) FROM envelopes WHERE recorded_at <= %(at)s
) ORDER BY first_position DESC LIMIT 1
