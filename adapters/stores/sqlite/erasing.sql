-- No trace of a deleted row is left. The statements are for {table}.

-- name: zero_what_is_freed
PRAGMA secure_delete = ON

-- name: keep_the_others
INSERT INTO {table}_kept SELECT * FROM {table}

-- name: drop_table
DROP TABLE {table}

-- name: rename_kept
ALTER TABLE {table}_kept RENAME TO {table}
