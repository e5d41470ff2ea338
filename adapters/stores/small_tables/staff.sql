-- People who sign in.

-- name: table
CREATE TABLE IF NOT EXISTS staff (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    workspace TEXT,
    password TEXT,
    invitation TEXT UNIQUE,
    invited_until BIGINT
)

-- name: add
INSERT INTO staff (name, role, workspace, password)
VALUES (:name, :role, :workspace, :password)
ON CONFLICT DO NOTHING

-- name: change
UPDATE staff SET role = :role, workspace = :workspace, password = :password WHERE name = :name

-- name: remove
DELETE FROM staff WHERE name = :name

-- name: member
SELECT name, role, workspace, password FROM staff WHERE name = :name

-- name: all
SELECT name, role, workspace, password FROM staff ORDER BY name

-- name: invite
UPDATE staff SET invitation = :digest, invited_until = :until WHERE name = :name

-- name: invited
SELECT name FROM staff WHERE invitation = :digest AND invited_until >= :now

-- name: accept
UPDATE staff SET password = :password, invitation = NULL, invited_until = NULL
WHERE invitation = :digest AND invited_until >= :now
RETURNING name
