-- What both products are asked in the same words; a question mark stands for a value.

-- name: envelope_of_command
SELECT * FROM envelopes WHERE workspace = ? AND command_id = ?

-- name: envelopes_of
SELECT * FROM envelopes
WHERE workspace = ? AND event_count > 0 AND first_position > ?
ORDER BY first_position LIMIT ?

-- name: envelopes_between
SELECT * FROM envelopes
WHERE event_count > 0 AND first_position <= ? AND first_position >= coalesce((
    SELECT max(first_position) FROM envelopes WHERE event_count > 0 AND first_position <= ?
), 0)
ORDER BY first_position

-- name: timers_until
SELECT due_at, timer, set_by, correlation_id FROM timers
WHERE workspace = ? AND due_at <= ? ORDER BY due_at

-- name: roster_of
SELECT campaign_id FROM roster WHERE workspace = ? AND entry = ?

-- name: all_timers
SELECT workspace, due_at, timer, set_by, correlation_id FROM timers

-- name: all_roster
SELECT workspace, entry, campaign_id FROM roster

-- name: all_snapshots
SELECT stream_id, version, topic, state FROM snapshots ORDER BY stream_id

-- name: clear_timers
DELETE FROM timers

-- name: clear_roster
DELETE FROM roster

-- name: workspaces
SELECT workspace FROM workspaces ORDER BY workspace

-- name: snapshot_of
SELECT version, state FROM snapshots WHERE stream_id = ? AND topic = ?
