-- What servers said, by the digest in the events. Outside the events, in the same file (C1, F1).

-- name: evidence
CREATE TABLE IF NOT EXISTS evidence (
    workspace TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    protocol TEXT NOT NULL,
    stage TEXT NOT NULL,
    provider TEXT,
    auth TEXT NOT NULL,
    token_fresh INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (workspace, digest, subject)
) WITHOUT ROWID

-- name: table_there
SELECT count(*) FROM sqlite_master WHERE name = 'evidence'

-- name: keep
INSERT INTO evidence (
    workspace, subject, digest, protocol, stage, provider, auth, token_fresh, text
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: find
SELECT protocol, stage, provider, auth, token_fresh, text FROM evidence
WHERE workspace = ? AND digest = ? LIMIT 1

-- name: zero_what_is_freed
PRAGMA secure_delete = ON

-- name: keep_the_others
INSERT INTO evidence_kept SELECT * FROM evidence WHERE NOT (workspace = ? AND subject = ?)

-- name: drop_evidence
DROP TABLE evidence

-- name: rename_kept
ALTER TABLE evidence_kept RENAME TO evidence
