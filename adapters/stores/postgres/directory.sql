-- The directory: who a recipient id stands for. Outside the events (F1).

-- name: enter
LOCK TABLE directory IN ROW EXCLUSIVE MODE

-- name: enrol
INSERT INTO directory SELECT %s, recipient_id, address, name, variables
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    AS n (recipient_id, address, name, variables)
ON CONFLICT (workspace, address) DO NOTHING

-- name: complete_person
UPDATE directory SET name = %s, variables = %s
WHERE workspace = %s AND recipient_id = %s AND name = %s AND variables = %s

-- name: recipients_at
SELECT address, recipient_id FROM directory WHERE workspace = %s AND address = ANY (%s)

-- name: recipient_at
SELECT recipient_id FROM directory WHERE workspace = %s AND address = %s

-- name: person
SELECT address, name, variables FROM directory WHERE workspace = %s AND recipient_id = %s

-- name: people
SELECT recipient_id, address, name, variables FROM directory
WHERE workspace = %s AND recipient_id = ANY (%s)

-- name: key
SELECT key FROM directory_keys WHERE workspace = %s

-- name: set_key
INSERT INTO directory_keys VALUES (%s, %s) ON CONFLICT DO NOTHING

-- name: any_stop
SELECT 1 FROM directory_stops WHERE workspace = %s AND campaign_id = %s LIMIT 1

-- name: stopped_among
SELECT digest, recipient_id FROM directory_stops
WHERE workspace = %s AND campaign_id = %s AND digest = ANY (%s)

-- name: remember_stop
-- Everywhere (M7) the latest id counts: the one before was not suppressed when that was given.
INSERT INTO directory_stops VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace, campaign_id, digest) DO UPDATE SET recipient_id = excluded.recipient_id
WHERE directory_stops.campaign_id = ''

-- name: forgotten_at
SELECT forgotten_at FROM directory_forgotten WHERE workspace = %s AND recipient_id = %s

-- name: remember_forgotten
INSERT INTO directory_forgotten VALUES (%s, %s, %s) ON CONFLICT DO NOTHING

-- name: forget_person
DELETE FROM directory WHERE workspace = %s AND recipient_id = %s

-- name: nobody_enrols
LOCK TABLE directory IN SHARE ROW EXCLUSIVE MODE

-- name: nobody_acts
SELECT last_position FROM stored_events_enter(ARRAY[%s], '{}', '{}', true, NULL)
