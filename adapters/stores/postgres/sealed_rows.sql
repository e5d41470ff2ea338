-- The vault's rows. The tables are made by the migration 0002.

-- name: keep_the_keys
LOCK TABLE vault_keys IN SHARE MODE

-- name: change_the_keys
LOCK TABLE vault_keys IN SHARE ROW EXCLUSIVE MODE

-- name: keys
SELECT key_id, fingerprint FROM vault_keys ORDER BY number

-- name: key_in_use
SELECT key_id FROM vault_keys ORDER BY number DESC LIMIT 1

-- name: use_key
INSERT INTO vault_keys SELECT coalesce(max(number), 0) + 1, %s, %s FROM vault_keys
ON CONFLICT (key_id) DO UPDATE SET number = excluded.number

-- name: remove_key
DELETE FROM vault_keys k WHERE key_id = %s
AND NOT EXISTS (SELECT FROM vault_secrets s WHERE s.key_id = k.key_id)
AND number < (SELECT max(number) FROM vault_keys)

-- name: knows_key
SELECT 1 FROM vault_keys WHERE key_id = %s

-- name: row
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
WHERE workspace = %s AND account_id = %s AND name = %s

-- name: all_rows
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
ORDER BY workspace, account_id, name

-- name: rows_of
SELECT workspace, account_id, name, key_id, sealed, stored_at FROM vault_secrets
WHERE workspace = %s ORDER BY account_id, name

-- name: write
INSERT INTO vault_secrets VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace, account_id, name) DO UPDATE SET
    key_id = excluded.key_id, sealed = excluded.sealed, stored_at = excluded.stored_at

-- name: replace
UPDATE vault_secrets SET key_id = %s, sealed = %s
WHERE workspace = %s AND account_id = %s AND name = %s AND sealed = %s

-- name: delete
DELETE FROM vault_secrets WHERE workspace = %s AND account_id = %s AND name = %s
