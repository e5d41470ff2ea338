-- name: view_position
SELECT coalesce(max(notification_id), 0) FROM tracking WHERE application_name = ?

-- name: places
SELECT rowid, topic FROM stored_events WHERE originator_id = ? AND rowid <= ? ORDER BY originator_version
