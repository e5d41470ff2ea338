-- Secrets that the vault has encrypted, beside the log in the same file; never a key.
-- Times are microseconds since 1970, UTC.

-- name: vault_keys
CREATE TABLE IF NOT EXISTS vault_keys (
    number INTEGER PRIMARY KEY,
    key_id TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL
)

-- name: vault_secrets
CREATE TABLE IF NOT EXISTS vault_secrets (
    workspace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, account_id, name)
)

-- name: tables_there
SELECT count(*) FROM sqlite_master WHERE name IN ('vault_keys', 'vault_secrets')

-- name: keys
SELECT key_id, fingerprint FROM vault_keys ORDER BY number

-- name: key_in_use
SELECT key_id FROM vault_keys ORDER BY number DESC LIMIT 1

-- name: use_key
INSERT INTO vault_keys SELECT coalesce(max(number), 0) + 1, ?, ? FROM vault_keys WHERE true
ON CONFLICT (key_id) DO UPDATE SET number = excluded.number

-- name: remove_key
DELETE FROM vault_keys WHERE key_id = ?1
AND NOT EXISTS (SELECT 1 FROM vault_secrets WHERE key_id = ?1)
AND number < (SELECT max(number) FROM vault_keys)

-- name: knows_key
SELECT 1 FROM vault_keys WHERE key_id = ?

-- name: row
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
WHERE workspace = ? AND account_id = ? AND name = ?

-- name: all_rows
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
ORDER BY workspace, account_id, name

-- name: rows_of
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
WHERE workspace = ? ORDER BY account_id, name

-- name: write
INSERT INTO vault_secrets VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace, account_id, name) DO UPDATE SET
    key_id = excluded.key_id, sealed = excluded.sealed, stored_at = excluded.stored_at

-- name: replace
UPDATE vault_secrets SET key_id = ?, sealed = ?
WHERE workspace = ? AND account_id = ? AND name = ? AND sealed = ?

-- name: delete
DELETE FROM vault_secrets WHERE workspace = ? AND account_id = ? AND name = ?
