-- name: forget_positions
DELETE FROM tracking WHERE application_name GLOB ? || '/*'

-- name: rename_position
UPDATE tracking SET application_name = ? WHERE application_name = ?

-- name: large_cache
PRAGMA cache_size = -131072
