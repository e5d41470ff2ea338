-- name: there
SELECT count(*) FROM sqlite_master WHERE name = 'envelopes_without_events'

-- name: envelopes_without_events
CREATE TABLE envelopes_without_events (
    number INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    command_id TEXT NOT NULL
)

-- name: number_those_of_before
INSERT INTO envelopes_without_events
SELECT number, first_position + number - 2, workspace, command_id FROM (
    SELECT workspace, command_id, first_position, row_number() OVER (
        ORDER BY first_position, recorded_at, workspace, command_id
    ) AS number
    FROM envelopes WHERE event_count = 0
) ORDER BY number

-- name: number_each
-- Of older programs, too: the writer's lock is the order of commits.
CREATE TRIGGER number_envelopes_without_events AFTER INSERT ON envelopes WHEN new.event_count = 0
BEGIN
    INSERT INTO envelopes_without_events
    SELECT last.number + 1, new.first_position + last.number - 1, new.workspace, new.command_id
    FROM (SELECT coalesce(max(number), 0) AS number FROM envelopes_without_events) last;
END

-- name: store_identity
CREATE TABLE store_identity (store_id TEXT NOT NULL)

-- name: generation_table
CREATE TABLE generations (
    generation INTEGER PRIMARY KEY,
    first_entry INTEGER NOT NULL,
    first_position INTEGER NOT NULL,
    began_at INTEGER NOT NULL
)

-- name: set_store_id
INSERT INTO store_identity VALUES (:store_id)

-- name: range
SELECT before.number, until.number, :after + 1 - before.number,
    min(log.last_position, :after + :limit + 1 - until.number)
FROM (
    SELECT coalesce((
        SELECT number FROM envelopes_without_events
        WHERE entry <= :after ORDER BY entry DESC LIMIT 1
    ), 0) AS number
) before, (
    SELECT coalesce((
        SELECT number FROM envelopes_without_events
        WHERE entry <= :after + :limit ORDER BY entry DESC LIMIT 1
    ), 0) AS number
) until, (
    SELECT coalesce(max(rowid), 0) AS last_position FROM stored_events
) log

-- name: numbered
SELECT n.number, n.entry, e.* FROM envelopes_without_events n
LEFT JOIN envelopes e ON e.workspace = n.workspace AND e.command_id = n.command_id
WHERE n.number > :numbered_before AND n.number <= :last_numbered ORDER BY n.number

-- name: last_entry
SELECT (SELECT coalesce(max(rowid), 0) FROM stored_events)
    + (SELECT coalesce(max(number), 0) FROM envelopes_without_events) - 1

-- name: log_end
SELECT (SELECT coalesce(max(rowid), 0) FROM stored_events),
    (SELECT coalesce(max(number), 0) FROM envelopes_without_events)

-- name: versions
SELECT originator_id, max(originator_version) FROM stored_events
WHERE originator_id IN (SELECT value FROM json_each(?)) GROUP BY originator_id

-- name: counted_until
SELECT (SELECT count(*) FROM stored_events WHERE rowid <= :position),
    (SELECT count(*) FROM envelopes WHERE first_position <= :position)

-- name: unnumbered_envelopes
SELECT count(*) FROM envelopes WHERE event_count = 0 AND (workspace, command_id) NOT IN (
    SELECT workspace, command_id FROM envelopes_without_events
)

-- name: odd_workspaces
-- A turn that changed timers alone was later than the last envelope, and maybe than a clock that was
-- set back since.
WITH told AS (SELECT workspace, max(recorded_at) AS since FROM envelopes GROUP BY workspace)
SELECT workspace FROM workspaces LEFT JOIN told USING (workspace)
WHERE (recorded_at BETWEEN since AND :latest) IS NOT TRUE
UNION SELECT workspace FROM told LEFT JOIN workspaces USING (workspace) WHERE recorded_at IS NULL
ORDER BY workspace

-- name: raise_generation
INSERT INTO generations
SELECT
    (SELECT max(generation) + 1 FROM generations),
    (SELECT coalesce(max(rowid), 0) FROM stored_events)
        + (SELECT coalesce(max(number), 0) FROM envelopes_without_events),
    (SELECT coalesce(max(rowid), 0) + 1 FROM stored_events),
    :now
