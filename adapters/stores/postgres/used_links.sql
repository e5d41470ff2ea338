-- Links for reconnecting that were used, by digests. The table is made by the migration 0004.

-- name: drop_expired
DELETE FROM used_links WHERE good_until < %s

-- name: use
INSERT INTO used_links (link, state, good_until) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING

-- name: used
SELECT 1 FROM used_links WHERE link = %s

-- name: answer
UPDATE used_links SET answered = true WHERE state = %s AND NOT answered AND good_until >= %s
RETURNING link
