-- Who looked at which person's case. Apart from the log.

-- name: table
CREATE TABLE IF NOT EXISTS looks (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    workspace TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    recipient_id TEXT NOT NULL
)

-- name: record
INSERT INTO looks (number, at, by_whom, workspace, campaign_id, recipient_id)
SELECT coalesce(max(number), 0) + 1, :at, :by_whom, :workspace, :campaign_id, :recipient_id
FROM looks WHERE true
ON CONFLICT DO NOTHING

-- name: recorded
SELECT number, at, by_whom, workspace, campaign_id, recipient_id FROM looks
WHERE workspace = :workspace AND number > :after ORDER BY number LIMIT :most
