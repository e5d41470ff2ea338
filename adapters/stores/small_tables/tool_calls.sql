-- Which tool was called by whom, when, and about whom. Apart from the log.

-- name: table
CREATE TABLE IF NOT EXISTS tool_calls (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    workspace TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    outcome TEXT NOT NULL,
    campaign_id TEXT,
    recipient_id TEXT
)

-- name: record
INSERT INTO tool_calls (
    number, at, by_whom, workspace, tool, arguments, outcome, campaign_id, recipient_id
)
SELECT coalesce(max(number), 0) + 1,
    :at, :by, :workspace, :tool, :arguments, :outcome, :campaign_id, :recipient_id
FROM tool_calls WHERE true
ON CONFLICT DO NOTHING

-- name: recorded
SELECT number, at, by_whom, workspace, tool, arguments, outcome, campaign_id, recipient_id
FROM tool_calls
WHERE workspace = :workspace AND number > :after ORDER BY number LIMIT :most
