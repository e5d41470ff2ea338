-- What servers said, by the digest in the events. Outside the events, beside the log (C1, F1).

-- name: table
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

-- name: keep
INSERT INTO evidence (
    workspace, subject, digest, protocol, stage, provider, auth, token_fresh, text
) VALUES (
    :workspace, :subject, :digest, :protocol, :stage, :provider, :auth, :token_fresh, :text
) ON CONFLICT DO NOTHING

-- name: find
SELECT protocol, stage, text, provider, auth, token_fresh FROM evidence
WHERE workspace = :workspace AND digest = :digest LIMIT 1

-- name: forget
DELETE FROM evidence WHERE workspace = :workspace AND subject = :subject
