-- Endpoints of webhooks, and how far each one is; who writes one names the version he has read.
-- Deliveries that were tried: of each endpoint the last that succeeded, and those that failed.

-- name: table
CREATE TABLE IF NOT EXISTS webhook_endpoints (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    endpoint TEXT NOT NULL
)

-- name: table_of_deliveries
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    endpoint_id TEXT NOT NULL,
    delivered SMALLINT NOT NULL,
    tried_at BIGINT NOT NULL,
    position BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, delivered, tried_at, position)
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

-- name: add_delivery
INSERT INTO webhook_deliveries (endpoint_id, delivered, tried_at, position, delivery)
VALUES (:endpoint_id, :delivered, :tried_at, :position, :delivery)
ON CONFLICT DO NOTHING

-- name: keep
DELETE FROM webhook_deliveries WHERE endpoint_id = :endpoint_id AND delivered = 1 AND tried_at < (
    SELECT tried_at FROM webhook_deliveries WHERE endpoint_id = :endpoint_id AND delivered = 1
    ORDER BY tried_at DESC LIMIT 1 OFFSET :kept
)

-- name: forget
DELETE FROM webhook_deliveries
WHERE endpoint_id = :endpoint_id AND delivered = 0 AND tried_at < :before

-- name: newest
SELECT delivery FROM webhook_deliveries WHERE endpoint_id = :endpoint_id AND delivered <= :most
ORDER BY tried_at DESC, position DESC LIMIT :limit

-- name: remove_deliveries
DELETE FROM webhook_deliveries WHERE endpoint_id = :endpoint_id
