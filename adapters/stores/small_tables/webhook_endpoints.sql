-- Endpoints of webhooks, and how far each one is. Who writes one names the version he has read.

-- name: table
CREATE TABLE IF NOT EXISTS webhook_endpoints (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    endpoint TEXT NOT NULL
)

-- name: all
SELECT version, endpoint FROM webhook_endpoints

-- name: find
SELECT version, endpoint FROM webhook_endpoints WHERE id = :id

-- name: add
INSERT INTO webhook_endpoints (id, version, endpoint) VALUES (:id, :version, :endpoint)

-- name: save
UPDATE webhook_endpoints SET version = version + 1, endpoint = :endpoint
WHERE id = :id AND version = :version

-- name: remove
DELETE FROM webhook_endpoints WHERE id = :id
