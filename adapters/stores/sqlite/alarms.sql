-- What operators have to put right. Times are microseconds since 1970, UTC.

-- name: operator_alarms
CREATE TABLE IF NOT EXISTS operator_alarms (
    about TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    since INTEGER NOT NULL
) WITHOUT ROWID

-- name: table_there
SELECT count(*) FROM sqlite_master WHERE name = 'operator_alarms'

-- name: alarm
INSERT INTO operator_alarms VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: calm
DELETE FROM operator_alarms WHERE about = ?

-- name: alarms
SELECT about, text, since FROM operator_alarms ORDER BY since, about
