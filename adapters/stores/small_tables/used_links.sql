-- Links for reconnecting that were used, by digests. Times are microseconds since 1970, UTC.

-- name: table
CREATE TABLE IF NOT EXISTS used_links (
    link TEXT PRIMARY KEY,
    state TEXT NOT NULL UNIQUE,
    good_until INTEGER NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID

-- name: drop_expired
DELETE FROM used_links WHERE good_until < :now

-- name: use
INSERT INTO used_links (link, state, good_until) VALUES (:link, :state, :until)
ON CONFLICT DO NOTHING

-- name: used
SELECT 1 FROM used_links WHERE link = :link

-- name: answer
UPDATE used_links SET answered = :yes
WHERE state = :state AND NOT answered AND good_until >= :now
RETURNING link
