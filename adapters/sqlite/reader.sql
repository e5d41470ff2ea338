-- name: view_position
SELECT coalesce(max(notification_id), 0) FROM tracking WHERE application_name = ?
