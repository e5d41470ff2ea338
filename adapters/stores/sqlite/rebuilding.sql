-- name: rename_position
UPDATE tracking SET application_name = ? WHERE application_name = ?

-- name: large_cache
PRAGMA cache_size = -131072
