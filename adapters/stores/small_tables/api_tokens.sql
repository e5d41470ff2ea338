-- Tokens of programs, by digest.

-- name: table
CREATE TABLE IF NOT EXISTS api_tokens (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    workspace TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
)

-- name: add
INSERT INTO api_tokens (name, digest, role, workspace, created_at, expires_at)
VALUES (:name, :digest, :role, :workspace, :created_at, :expires_at)
ON CONFLICT DO NOTHING

-- name: by_digest
SELECT name, role, workspace, created_at, expires_at, used_at FROM api_tokens
WHERE digest = :digest

-- name: all
SELECT name, role, workspace, created_at, expires_at, used_at FROM api_tokens ORDER BY name

-- name: revoke
DELETE FROM api_tokens WHERE name = :name

-- name: note_use
UPDATE api_tokens SET used_at = :at WHERE name = :name
