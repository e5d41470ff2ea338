-- Secrets that the vault has encrypted; never a key. Times are microseconds since 1970, UTC.

-- name: keys_table
CREATE TABLE IF NOT EXISTS vault_keys (
    number INTEGER PRIMARY KEY,
    key_id TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL
)

-- name: secrets_table
CREATE TABLE IF NOT EXISTS vault_secrets (
    workspace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, account_id, name)
)

-- name: keep_the_keys
-- No key comes or goes until the transaction's end; others may write rows too.
LOCK TABLE vault_keys IN SHARE MODE

-- name: change_the_keys
-- Nobody else changes keys or writes rows until the transaction's end.
LOCK TABLE vault_keys IN SHARE ROW EXCLUSIVE MODE

-- name: keys
SELECT key_id, fingerprint FROM vault_keys ORDER BY number

-- name: key_in_use
SELECT key_id FROM vault_keys ORDER BY number DESC LIMIT 1

-- name: use_key
INSERT INTO vault_keys (number, key_id, fingerprint)
SELECT coalesce(max(number), 0) + 1, :key_id, :fingerprint FROM vault_keys WHERE true
ON CONFLICT (key_id) DO UPDATE SET number = excluded.number

-- name: remove_key
DELETE FROM vault_keys WHERE key_id = :key_id
AND NOT EXISTS (SELECT 1 FROM vault_secrets WHERE key_id = :key_id)
AND number < (SELECT max(number) FROM vault_keys)

-- name: knows_key
SELECT 1 FROM vault_keys WHERE key_id = :key_id

-- name: row
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
WHERE workspace = :workspace AND account_id = :account_id AND name = :name

-- name: all_rows
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
ORDER BY workspace, account_id, name

-- name: rows_of
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
WHERE workspace = :workspace ORDER BY account_id, name

-- name: write
INSERT INTO vault_secrets (workspace, account_id, name, key_id, sealed, stored_at)
VALUES (:workspace, :account_id, :name, :key_id, :sealed, :now)
ON CONFLICT (workspace, account_id, name) DO UPDATE SET
    key_id = excluded.key_id, sealed = excluded.sealed, stored_at = excluded.stored_at

-- name: replace
UPDATE vault_secrets SET key_id = :new_key_id, sealed = :new_sealed
WHERE workspace = :workspace AND account_id = :account_id AND name = :name AND sealed = :sealed

-- name: delete
DELETE FROM vault_secrets
WHERE workspace = :workspace AND account_id = :account_id AND name = :name
