-- What only PostgreSQL does for the directory.

-- name: enrol
INSERT INTO directory SELECT %s, recipient_id, address, name, variables
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    AS n (recipient_id, address, name, variables)
ON CONFLICT (workspace, address) DO NOTHING

-- name: nobody_acts
SELECT last_position FROM stored_events_enter(ARRAY[%s], '{}', '{}', true, NULL)
