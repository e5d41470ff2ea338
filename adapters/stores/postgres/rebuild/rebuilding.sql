-- name: begin_alone
SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.rebuilding', 0))

-- name: take_part
SELECT pg_advisory_lock_shared(hashtextextended(current_schema() || '.rebuilding', 0))

-- name: let_others_take_part
SELECT pg_advisory_unlock(hashtextextended(current_schema() || '.rebuilding', 0))

-- name: leave
SELECT pg_advisory_unlock_all()

-- name: left_behind
SELECT tablename FROM pg_tables
WHERE schemaname = current_schema() AND tablename LIKE 'view\_%\_rebuilt'

-- name: forget_positions_beside
DELETE FROM tracking WHERE application_name LIKE '%\_rebuilt/%'

-- name: ample_memory
SET LOCAL maintenance_work_mem = '256MB'

-- name: begin_at
INSERT INTO tracking VALUES (%s, %s)

-- name: not_for_long
SELECT set_config('lock_timeout', %s, true)

-- name: lock_view
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.view_' || %s, 0))

-- name: lock_position
INSERT INTO tracking AS t VALUES (%s, 0)
ON CONFLICT (application_name) DO UPDATE SET notification_id = t.notification_id

-- name: lock_order
SELECT stored_events_lock_order()

-- name: forget_other_versions
DELETE FROM tracking WHERE starts_with(application_name, %s || '/') AND application_name <> %s

-- name: move
UPDATE tracking SET notification_id = %s WHERE application_name = %s
