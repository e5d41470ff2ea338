-- No trace of a deleted row is left. The statements are for {table}.

-- name: nobody_reads
LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE

-- name: keep_the_others
CREATE TEMPORARY TABLE {table}_kept ON COMMIT DROP AS SELECT * FROM {table} ORDER BY 1, 2

-- name: drop_the_files
TRUNCATE {table}

-- name: write_the_others
INSERT INTO {table} SELECT * FROM {table}_kept
