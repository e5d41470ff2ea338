-- Endpoints of webhooks, and how far each one is. Who writes one names the version he has read.

-- name: table
CREATE TABLE IF NOT EXISTS webhook_endpoints (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    workspace TEXT,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    owner TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    entry BIGINT NOT NULL,
    lanes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    parked_at BIGINT,
    told SMALLINT NOT NULL
)

-- name: all
SELECT id, version, workspace, url, types, owner, status, reason, entry, lanes, created_at,
    parked_at, told
FROM webhook_endpoints ORDER BY created_at, id

-- name: find
SELECT id, version, workspace, url, types, owner, status, reason, entry, lanes, created_at,
    parked_at, told
FROM webhook_endpoints WHERE id = :id

-- name: add
INSERT INTO webhook_endpoints (id, version, workspace, url, types, owner, status, reason, entry,
    lanes, created_at, parked_at, told)
VALUES (:id, :version, :workspace, :url, :types, :owner, :status, :reason, :entry, :lanes,
    :created_at, :parked_at, :told)

-- name: save
UPDATE webhook_endpoints SET version = version + 1, workspace = :workspace, url = :url,
    types = :types, owner = :owner, status = :status, reason = :reason, entry = :entry,
    lanes = :lanes, created_at = :created_at, parked_at = :parked_at, told = :told
WHERE id = :id AND version = :version

-- name: remove
DELETE FROM webhook_endpoints WHERE id = :id
