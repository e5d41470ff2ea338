-- What operators have to put right. Times are microseconds since 1970, UTC.

-- name: table
CREATE TABLE IF NOT EXISTS operator_alarms (
    about TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    since INTEGER NOT NULL
) WITHOUT ROWID

-- name: alarm
INSERT INTO operator_alarms (about, text, since) VALUES (:about, :text, :since)
ON CONFLICT DO NOTHING

-- name: calm
DELETE FROM operator_alarms WHERE about = :about

-- name: alarms
SELECT about, text, since FROM operator_alarms ORDER BY since, about
