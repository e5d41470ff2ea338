-- What operators have to put right. The table is made by the migration 0004.

-- name: alarm
INSERT INTO operator_alarms VALUES (%s, %s, %s) ON CONFLICT DO NOTHING

-- name: calm
DELETE FROM operator_alarms WHERE about = %s

-- name: alarms
SELECT about, text, since FROM operator_alarms ORDER BY since, about
