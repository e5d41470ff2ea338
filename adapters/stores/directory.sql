-- The directory: who a recipient id stands for. Outside the events, beside the log (F1).
-- Times are microseconds since 1970, UTC.

-- name: directory
CREATE TABLE IF NOT EXISTS directory (
    workspace TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    variables TEXT NOT NULL,
    salt BLOB,
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

-- name: enter
-- Whoever enrols comes in here, before anything is read.
LOCK TABLE directory IN ROW EXCLUSIVE MODE

-- name: nobody_enrols
LOCK TABLE directory IN SHARE ROW EXCLUSIVE MODE

-- name: complete_person
UPDATE directory SET name = :name, variables = :variables, salt = :salt
WHERE workspace = :workspace AND recipient_id = :recipient_id
AND name = :old_name AND variables = :old_variables AND coalesce(salt, :no_salt) = :old_salt

-- name: recipients_at
SELECT address, recipient_id FROM directory
WHERE workspace = :workspace AND address = ANY (:addresses)

-- name: recipient_at
SELECT recipient_id FROM directory WHERE workspace = :workspace AND address = :address

-- name: person
SELECT address, name, variables FROM directory
WHERE workspace = :workspace AND recipient_id = :recipient_id

-- name: people
SELECT recipient_id, address, name, variables FROM directory
WHERE workspace = :workspace AND recipient_id = ANY (:recipient_ids)

-- name: rows_of
SELECT recipient_id, address, name, variables, salt FROM directory
WHERE workspace = :workspace AND recipient_id = ANY (:recipient_ids)

-- name: row
-- All columns: an old store that is only read may lack the last one.
SELECT * FROM directory WHERE workspace = :workspace AND recipient_id = :recipient_id

-- name: rows_after
SELECT * FROM directory WHERE (workspace, recipient_id) > (:workspace, :recipient_id)
ORDER BY workspace, recipient_id LIMIT :most

-- name: key
SELECT key FROM directory_keys WHERE workspace = :workspace

-- name: set_key
INSERT INTO directory_keys (workspace, key) VALUES (:workspace, :key) ON CONFLICT DO NOTHING

-- name: any_stop
SELECT 1 FROM directory_stops
WHERE workspace = :workspace AND campaign_id = :campaign_id LIMIT 1

-- name: remember_stop
-- Everywhere (M7) the latest id counts: the one before was not suppressed when that was given.
INSERT INTO directory_stops (workspace, campaign_id, digest, recipient_id)
VALUES (:workspace, :campaign_id, :digest, :recipient_id)
ON CONFLICT (workspace, campaign_id, digest) DO UPDATE SET recipient_id = excluded.recipient_id
WHERE directory_stops.campaign_id = ''

-- name: stopped_among
SELECT digest, recipient_id FROM directory_stops
WHERE workspace = :workspace AND campaign_id = :campaign_id AND digest = ANY (:digests)

-- name: forgotten_at
SELECT forgotten_at FROM directory_forgotten
WHERE workspace = :workspace AND recipient_id = :recipient_id

-- name: remember_forgotten
INSERT INTO directory_forgotten (workspace, recipient_id, forgotten_at)
VALUES (:workspace, :recipient_id, :now) ON CONFLICT DO NOTHING

-- name: forget_person
DELETE FROM directory WHERE workspace = :workspace AND recipient_id = :recipient_id
