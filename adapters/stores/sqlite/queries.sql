-- name: insert_event
INSERT INTO stored_events VALUES (?, ?, ?, ?)

-- name: insert_run
INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state)
SELECT ?1 + key, ?2, ?3 + key, ?4, CAST(?5 || value || ?6 AS BLOB) FROM json_each(?7)

-- name: last_position
SELECT coalesce(max(rowid), 0) FROM stored_events

-- name: announced_position
SELECT coalesce(max(first_position + event_count - 1), 0) FROM envelopes
WHERE event_count > 0 AND first_position = (
    SELECT max(first_position) FROM envelopes WHERE event_count > 0
)

-- name: last_position_until
SELECT coalesce(max(first_position + event_count - 1), 0) FROM envelopes
WHERE event_count > 0 AND recorded_at <= ?

-- name: stream_until
SELECT rowid, originator_id, originator_version, topic, state
FROM stored_events WHERE originator_id = ? AND rowid <= ? ORDER BY originator_version

-- name: envelopes_of_stream
SELECT * FROM envelopes WHERE event_count > 0 AND first_position IN (
    SELECT (
        SELECT max(first_position) FROM envelopes
        WHERE event_count > 0 AND first_position <= stored_events.rowid
    )
    FROM stored_events WHERE originator_id = ? AND rowid <= ?
) ORDER BY first_position

-- name: read_log
SELECT rowid, originator_id, originator_version, topic, state
FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?

-- name: read_stream
SELECT rowid, originator_id, originator_version, topic, state
FROM stored_events WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version

-- name: insert_envelope
INSERT INTO envelopes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: envelopes_of_commands
SELECT * FROM envelopes
WHERE workspace = ? AND command_id IN (SELECT value FROM json_each(?))

-- name: set_timer
INSERT INTO timers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
SET due_at = excluded.due_at, set_by = excluded.set_by,
    correlation_id = excluded.correlation_id

-- name: clear_timer
DELETE FROM timers WHERE workspace = ? AND timer = ?

-- name: next_due
SELECT min(due_at) FROM timers

-- name: due_workspaces
SELECT DISTINCT workspace FROM timers WHERE due_at <= ? ORDER BY workspace

-- name: enrol
INSERT INTO roster VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: anywhere_on_roster
SELECT EXISTS (
    SELECT 1 FROM workspaces JOIN roster USING (workspace) WHERE entry = ?
)

-- name: recorded_at
SELECT recorded_at FROM workspaces WHERE workspace = ?

-- name: set_recorded_at
INSERT INTO workspaces VALUES (?, ?) ON CONFLICT DO UPDATE SET recorded_at = excluded.recorded_at

-- name: save_snapshot
INSERT INTO snapshots VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
SET version = excluded.version, topic = excluded.topic, state = excluded.state

-- name: tables
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'

-- name: store_version
SELECT version FROM store_info

-- name: empty_the_write_ahead_log
PRAGMA wal_checkpoint(TRUNCATE)

-- name: raise_store_version
UPDATE store_info SET version = ?

-- name: enrol_campaigns
INSERT INTO roster
SELECT substr(originator_id, 1, instr(originator_id, ':campaign:') - 1), 'campaigns',
    substr(originator_id, instr(originator_id, ':campaign:') + 10)
FROM stored_events WHERE topic = 'CampaignCreated' OR topic LIKE 'CampaignCreated/%' ON CONFLICT DO NOTHING

-- name: enrol_people
INSERT INTO directory (workspace, recipient_id, address, name, variables, salt)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, address) DO NOTHING

-- name: salt_directory
ALTER TABLE directory ADD COLUMN salt BLOB

-- name: set_store_version
INSERT INTO store_info VALUES (?)

-- name: has_table
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?
