-- Requests by HTTP under the keys that came with them, and what keeps two under one key apart.

-- name: table
CREATE TABLE IF NOT EXISTS http_requests (
    workspace TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    caller TEXT NOT NULL,
    operation TEXT NOT NULL,
    at BIGINT NOT NULL,
    progress TEXT,
    status SMALLINT,
    answer TEXT,
    PRIMARY KEY (workspace, key)
)

-- name: secret_table
CREATE TABLE IF NOT EXISTS http_secret (number SMALLINT PRIMARY KEY, value TEXT NOT NULL)

-- name: one_request_a_key
CREATE UNIQUE INDEX IF NOT EXISTS envelopes_by_http_key
ON envelopes (workspace, substr(command_id, 1, 37)) WHERE substr(command_id, 1, 5) = 'http.'

-- name: draw
INSERT INTO http_secret (number, value) VALUES (1, :value) ON CONFLICT DO NOTHING

-- name: secret
SELECT value FROM http_secret WHERE number = 1

-- name: by_key
SELECT substr(command_id, 39) FROM envelopes
WHERE workspace = :workspace AND substr(command_id, 1, 37) = :key
AND substr(command_id, 1, 5) = 'http.'

-- name: find
SELECT key, request, workspace, caller, operation, at, progress, status, answer
FROM http_requests WHERE workspace = :workspace AND key = :key

-- name: begin
INSERT INTO http_requests (workspace, key, request, caller, operation, at)
VALUES (:workspace, :key, :request, :caller, :operation, :at) ON CONFLICT DO NOTHING

-- name: note
UPDATE http_requests SET progress = :progress WHERE workspace = :workspace AND key = :key

-- name: finish
UPDATE http_requests SET status = :status, answer = :answer
WHERE workspace = :workspace AND key = :key
