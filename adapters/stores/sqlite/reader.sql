-- name: view_position
SELECT coalesce(max(notification_id), 0) FROM tracking WHERE application_name = ?

-- name: places
SELECT rowid, topic FROM stored_events WHERE originator_id = ? AND rowid <= ? ORDER BY originator_version

-- name: announced
SELECT coalesce(max(first_position + event_count - 1), 0) FROM envelopes
WHERE event_count > 0 AND first_position = (
    SELECT max(first_position) FROM envelopes WHERE event_count > 0
)
