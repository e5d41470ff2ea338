-- The directory: who a recipient id stands for. Outside the events, in the same file (F1).
-- Times are microseconds since 1970, UTC.

-- name: directory
CREATE TABLE IF NOT EXISTS directory (
    workspace TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    variables TEXT NOT NULL,
    PRIMARY KEY (workspace, recipient_id),
    UNIQUE (workspace, address)
)

-- name: directory_keys
CREATE TABLE IF NOT EXISTS directory_keys (
    workspace TEXT PRIMARY KEY,
    key BLOB NOT NULL
) WITHOUT ROWID

-- name: directory_stops
CREATE TABLE IF NOT EXISTS directory_stops (
    workspace TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    PRIMARY KEY (workspace, campaign_id, digest)
) WITHOUT ROWID

-- name: directory_forgotten
CREATE TABLE IF NOT EXISTS directory_forgotten (
    workspace TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    forgotten_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, recipient_id)
) WITHOUT ROWID

-- name: tables_there
SELECT count(*) FROM sqlite_master
WHERE name IN ('directory', 'directory_keys', 'directory_stops', 'directory_forgotten')

-- name: enrol_person
INSERT INTO directory VALUES (?, ?, ?, ?, ?)

-- name: complete_person
UPDATE directory SET name = ?, variables = ?
WHERE workspace = ? AND recipient_id = ? AND name = ? AND variables = ?

-- name: recipients_at
SELECT address, recipient_id FROM directory
WHERE workspace = ? AND address IN (SELECT value FROM json_each(?))

-- name: recipient_at
SELECT recipient_id FROM directory WHERE workspace = ? AND address = ?

-- name: person
SELECT address, name, variables FROM directory WHERE workspace = ? AND recipient_id = ?

-- name: people
SELECT recipient_id, address, name, variables FROM directory
WHERE workspace = ? AND recipient_id IN (SELECT value FROM json_each(?))

-- name: key
SELECT key FROM directory_keys WHERE workspace = ?

-- name: set_key
INSERT INTO directory_keys VALUES (?, ?) ON CONFLICT DO NOTHING

-- name: any_stop
SELECT 1 FROM directory_stops WHERE workspace = ? AND campaign_id = ? LIMIT 1

-- name: remember_stop
-- Everywhere (M7) the latest id counts: the one before was not suppressed when that was given.
INSERT INTO directory_stops VALUES (?, ?, ?, ?)
ON CONFLICT (workspace, campaign_id, digest) DO UPDATE SET recipient_id = excluded.recipient_id
WHERE directory_stops.campaign_id = ''

-- name: stopped_among
SELECT digest, recipient_id FROM directory_stops
WHERE workspace = ? AND campaign_id = ? AND digest IN (SELECT value FROM json_each(?))

-- name: forgotten_at
SELECT forgotten_at FROM directory_forgotten WHERE workspace = ? AND recipient_id = ?

-- name: remember_forgotten
INSERT INTO directory_forgotten VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: forget_person
DELETE FROM directory WHERE workspace = ? AND recipient_id = ?
