-- What was tried: of each endpoint the last that succeeded, and those that failed.

-- name: table
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    endpoint_id TEXT NOT NULL,
    delivered SMALLINT NOT NULL,
    tried_at BIGINT NOT NULL,
    position BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, delivered, tried_at, position)
)

-- name: add
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

-- name: remove
DELETE FROM webhook_deliveries WHERE endpoint_id = :endpoint_id
