-- Sessions of people who signed in, by digest.

-- name: table
CREATE TABLE IF NOT EXISTS sessions (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
)

-- name: begin
INSERT INTO sessions (digest, name, began_at, seen_at) VALUES (:digest, :name, :began_at, :seen_at)

-- name: session
SELECT name, began_at, seen_at FROM sessions WHERE digest = :digest

-- name: seen
UPDATE sessions SET seen_at = :at WHERE digest = :digest

-- name: end
DELETE FROM sessions WHERE digest = :digest

-- name: end_all
DELETE FROM sessions WHERE name = :name

-- name: end_old
DELETE FROM sessions WHERE began_at < :before
