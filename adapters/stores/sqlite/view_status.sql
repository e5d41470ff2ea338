-- Where views were stopped, and what operators had them pass over; made when first written.
-- Neither derives from the events. Times are microseconds since 1970, UTC.

-- name: standings
CREATE TABLE IF NOT EXISTS standings (
    projection TEXT PRIMARY KEY,
    stopped_at INTEGER NOT NULL,
    error TEXT NOT NULL,
    stopped_since INTEGER NOT NULL
) WITHOUT ROWID

-- name: skips
CREATE TABLE IF NOT EXISTS skips (
    projection TEXT NOT NULL,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    skipped_at INTEGER NOT NULL,
    PRIMARY KEY (projection, position)
) WITHOUT ROWID

-- name: tables_there
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('standings', 'skips')

-- name: position_of
SELECT max(CAST(notification_id AS INTEGER)) FROM tracking WHERE application_name = ?

-- name: set_position
INSERT INTO tracking VALUES (?, ?)
ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id

-- name: forget_positions
DELETE FROM tracking WHERE application_name GLOB ? || '/*'

-- name: names
SELECT application_name FROM tracking WHERE instr(application_name, '/') > 0
UNION SELECT substr(name, 6) FROM sqlite_master WHERE type = 'table' AND name GLOB 'view_*'

-- name: stop_of
SELECT stopped_at, error, stopped_since FROM standings WHERE projection = ?

-- name: skips_of
SELECT position, reason, actor, skipped_at FROM skips WHERE projection = ? ORDER BY position

-- name: stop
INSERT OR REPLACE INTO standings VALUES (?, ?, ?, ?)

-- name: clear_stop
DELETE FROM standings WHERE projection = ?

-- name: skip
INSERT INTO skips VALUES (?, ?, ?, ?, ?)
