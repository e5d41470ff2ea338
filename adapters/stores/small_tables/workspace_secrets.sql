-- Secrets under which entries of the log are committed to, one for each workspace, never changed.

-- name: table
CREATE TABLE IF NOT EXISTS workspace_secrets (workspace TEXT PRIMARY KEY, value TEXT NOT NULL)

-- name: draw
INSERT INTO workspace_secrets (workspace, value) VALUES (:workspace, :value) ON CONFLICT DO NOTHING

-- name: find
SELECT value FROM workspace_secrets WHERE workspace = :workspace
