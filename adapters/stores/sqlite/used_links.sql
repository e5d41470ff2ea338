-- Links for reconnecting that were used, by digests. Times are microseconds since 1970, UTC.

-- name: used_links
CREATE TABLE IF NOT EXISTS used_links (
    link TEXT PRIMARY KEY,
    state TEXT NOT NULL UNIQUE,
    good_until INTEGER NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID

-- name: drop_expired
DELETE FROM used_links WHERE good_until < ?

-- name: use
INSERT INTO used_links (link, state, good_until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: used
SELECT 1 FROM used_links WHERE link = ?

-- name: answer
UPDATE used_links SET answered = 1 WHERE state = ? AND NOT answered AND good_until >= ?
RETURNING link
