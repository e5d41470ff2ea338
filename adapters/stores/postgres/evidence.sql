-- What servers said, by the digest in the events (C1, F1).

-- name: keep
INSERT INTO evidence (
    workspace, subject, digest, protocol, stage, provider, auth, token_fresh, text
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING

-- name: find
SELECT protocol, stage, provider, auth, token_fresh, text FROM evidence
WHERE workspace = %s AND digest = %s LIMIT 1

-- name: forget
DELETE FROM evidence WHERE workspace = %s AND subject = %s

-- name: nobody_reads
LOCK TABLE evidence IN ACCESS EXCLUSIVE MODE

-- name: keep_the_others
CREATE TEMPORARY TABLE evidence_kept ON COMMIT DROP AS SELECT * FROM evidence

-- name: drop_the_files
TRUNCATE evidence

-- name: write_the_others
INSERT INTO evidence SELECT * FROM evidence_kept
