-- when: before
-- older programs: work
-- The log, what is derived from it, and what is not. Instants are timestamptz.

CREATE TABLE stored_events (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

CREATE UNIQUE INDEX stored_events_notification_id ON stored_events (notification_id);

CREATE TABLE envelopes (
    command_id text NOT NULL,
    command text NOT NULL,
    workspace text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation_id text NOT NULL,
    causation_id text,
    first_position bigint NOT NULL,
    event_count bigint NOT NULL,
    rejection text,
    PRIMARY KEY (workspace, command_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX envelopes_by_position ON envelopes (first_position) WHERE event_count > 0;
CREATE INDEX envelopes_by_time ON envelopes (recorded_at, first_position);
CREATE INDEX envelopes_by_correlation ON envelopes (correlation_id, first_position);

-- One row is written again with every command of its workspace.
CREATE TABLE workspaces (
    workspace text COLLATE "C" PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    last_position bigint NOT NULL,
    events bigint NOT NULL,
    next_due timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500);

CREATE INDEX workspaces_by_next_due ON workspaces (next_due) WHERE next_due IS NOT NULL;

CREATE TABLE timers (
    workspace text COLLATE "C" NOT NULL,
    timer text NOT NULL,
    due_at timestamptz NOT NULL,
    set_by text NOT NULL,
    correlation_id text NOT NULL,
    PRIMARY KEY (workspace, timer)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

CREATE INDEX timers_by_workspace ON timers (workspace, due_at);

CREATE TABLE roster (
    workspace text COLLATE "C" NOT NULL,
    entry text NOT NULL,
    campaign_id text NOT NULL,
    PRIMARY KEY (workspace, entry, campaign_id)
);

CREATE TABLE snapshots (
    stream_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL
);

-- Positions of the projections: the event-sourcing library's tracking table, vacuumed in time.
CREATE TABLE tracking (
    application_name text PRIMARY KEY,
    notification_id bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500);

-- Who keeps a projection, and where it was stopped. Not derived from anything.
CREATE TABLE standings (
    projection text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    keeper text,
    kept_since timestamptz,
    stopped_at bigint,
    error text,
    stopped_since timestamptz
);

-- Events that an operator had a projection pass over, and why. Not derived from anything.
CREATE TABLE skips (
    projection text NOT NULL,
    position bigint NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    skipped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, position)
);

-- Who settles a workspace that has something due, and which cannot be settled. Not derived.
CREATE TABLE leases (
    workspace text COLLATE "C" PRIMARY KEY,
    worker text NOT NULL,
    leased_until timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    error text,
    failed_at timestamptz,
    parked_at timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500);

CREATE INDEX leases_parked ON leases (parked_at) WHERE parked_at IS NOT NULL;

-- Who a recipient id stands for. Outside the events (F1).
CREATE TABLE directory (
    workspace text NOT NULL,
    recipient_id text NOT NULL,
    address text NOT NULL,
    name text NOT NULL,
    variables text NOT NULL,
    PRIMARY KEY (workspace, recipient_id),
    UNIQUE (workspace, address)
);

-- The planner's statistics would keep samples of who is forgotten.
ALTER TABLE directory ALTER address SET STATISTICS 0, ALTER name SET STATISTICS 0,
    ALTER variables SET STATISTICS 0;

CREATE TABLE directory_keys (
    workspace text PRIMARY KEY,
    key bytea NOT NULL
);

CREATE TABLE directory_stops (
    workspace text NOT NULL,
    campaign_id text NOT NULL,
    digest text NOT NULL,
    recipient_id text NOT NULL,
    PRIMARY KEY (workspace, campaign_id, digest)
);

CREATE TABLE directory_forgotten (
    workspace text NOT NULL,
    recipient_id text NOT NULL,
    forgotten_at timestamptz NOT NULL,
    PRIMARY KEY (workspace, recipient_id)
);

-- Who appends to the log waits here for whoever does; let go at the commit. Not a lock on the
-- table: autovacuum would wait for that, and writers for autovacuum.
CREATE FUNCTION stored_events_lock_order() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.stored_events', 0))
$$;

-- Locks the workspaces in order, and tells of each what a transaction begins with. With `patient`
-- it waits; without, those that somebody else holds are left out. `command_ids` stand beside the
-- workspaces in which they are asked for. No plan may count on small tables: it is kept for as long
-- as the connection lives. Nothing is read before the locks are held.
CREATE FUNCTION stored_events_enter(
    wanted text[], asked_in text[], command_ids text[], patient boolean, told_now timestamptz
) RETURNS TABLE (
    name text, now timestamptz, last_position bigint, due json, known json
) LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    each text;
    held text[] := '{}';
    key bigint;
BEGIN
    FOREACH each IN ARRAY wanted LOOP
        key := hashtextextended(current_schema() || ':' || each, 1);
        IF patient THEN
            PERFORM pg_advisory_xact_lock(key);
        ELSIF NOT pg_try_advisory_xact_lock(key) THEN
            CONTINUE;
        END IF;
        held := held || each;
    END LOOP;
    RETURN QUERY
    SELECT h.workspace, moment.now, coalesce(w.last_position, 0), timers.due, envelopes.known
    FROM unnest(held) AS h (workspace)
    LEFT JOIN workspaces w ON w.workspace = h.workspace
    CROSS JOIN LATERAL (
        SELECT greatest(coalesce(told_now, clock_timestamp()), w.recorded_at) AS now
    ) moment
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_array(t.due_at, t.timer, t.set_by, t.correlation_id)
            ORDER BY t.due_at) AS due
        FROM timers t WHERE t.workspace = h.workspace AND t.due_at <= moment.now
    ) timers
    CROSS JOIN LATERAL (
        SELECT json_agg(e) AS known
        FROM unnest(asked_in, command_ids) AS asked (workspace, id)
        CROSS JOIN LATERAL (
            SELECT * FROM envelopes x
            WHERE x.workspace = h.workspace AND x.command_id = asked.id OFFSET 0
        ) e
        WHERE asked.workspace = h.workspace
    ) envelopes;
END $$;

-- All of an append but the events, which stand behind that position. See `extra` in append.py.
-- No plan may count on small tables: it is kept for as long as the connection lives.
CREATE FUNCTION stored_events_complete(behind bigint, extra jsonb)
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off AS $$
BEGIN
    INSERT INTO envelopes SELECT
        e->>0, e->>1, e->>2, (e->>3)::timestamptz, e->>4, e->>5, e->>6,
        behind + (e->>7)::bigint, (e->>8)::bigint, e->>9
    FROM jsonb_array_elements(extra->'envelopes') e;
    IF extra ? 'cleared' THEN
        DELETE FROM timers t USING jsonb_array_elements(extra->'cleared') c
        WHERE t.workspace = c->>0 AND t.timer = c->>1;
    END IF;
    IF extra ? 'timers' THEN
        INSERT INTO timers SELECT t->>0, t->>1, (t->>2)::timestamptz, t->>3, t->>4
        FROM jsonb_array_elements(extra->'timers') t
        ON CONFLICT (workspace, timer) DO UPDATE SET
            due_at = excluded.due_at, set_by = excluded.set_by,
            correlation_id = excluded.correlation_id;
    END IF;
    IF extra ? 'roster' THEN
        INSERT INTO roster SELECT r->>0, r->>1, r->>2
        FROM jsonb_array_elements(extra->'roster') r ON CONFLICT DO NOTHING;
    END IF;
    INSERT INTO workspaces AS w SELECT
        n->>0, (n->>1)::timestamptz, CASE WHEN n->>2 <> '0' THEN behind + (n->>2)::bigint ELSE 0 END,
        (n->>3)::bigint,
        CASE WHEN extra ? 'timers'
        THEN (SELECT min(due_at) FROM timers t WHERE t.workspace = n->>0) END
    FROM jsonb_array_elements(extra->'workspaces') n
    ON CONFLICT (workspace) DO UPDATE SET
        recorded_at = excluded.recorded_at,
        last_position = greatest(w.last_position, excluded.last_position),
        events = w.events + excluded.events,
        next_due = CASE
            WHEN extra ? 'timers' OR extra ? 'cleared'
            THEN (SELECT min(due_at) FROM timers t WHERE t.workspace = w.workspace)
            ELSE w.next_due
        END;
    PERFORM pg_notify(current_schema() || '.stored_events', '');
END $$;

-- Events of one transaction take the next positions; the order of positions is that of commits. It
-- answers behind which position they stand. The commit does not wait for the disk while others wait
-- for the order: whoever needs to know calls stored_events_on_disk() behind it.
CREATE FUNCTION stored_events_append(
    streams text[], versions bigint[], topics text[], states bytea[], extra jsonb
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    behind bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM stored_events_lock_order();
    SELECT coalesce(max(notification_id), 0) INTO behind FROM stored_events;
    INSERT INTO stored_events
    SELECT e.stream, e.version, e.topic, e.state, behind + e.number
    FROM unnest(streams, versions, topics, states) WITH ORDINALITY
        AS e (stream, version, topic, state, number);
    PERFORM stored_events_complete(behind, extra);
    RETURN behind;
END $$;

-- A commit that waits for the disk, and so for all commits before it.
CREATE FUNCTION stored_events_on_disk() RETURNS void LANGUAGE sql AS $$
    SELECT pg_logical_emit_message(true, 'sendledger', '')
$$;

-- The event-sourcing library's way to insert: events and a position, one call, one wait for the disk.
CREATE FUNCTION stored_events_insert(
    streams text[], versions bigint[], topics text[], states bytea[],
    consumer text, reached bigint
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    behind bigint;
BEGIN
    IF consumer IS NOT NULL THEN
        INSERT INTO tracking AS t VALUES (consumer, reached)
        ON CONFLICT (application_name) DO UPDATE SET notification_id = reached
        WHERE t.notification_id < reached;
        IF NOT FOUND THEN
            RAISE unique_violation USING MESSAGE = 'Failed to record tracking for ' || consumer;
        END IF;
    END IF;
    PERFORM stored_events_lock_order();
    SELECT coalesce(max(notification_id), 0) INTO behind FROM stored_events;
    INSERT INTO stored_events
    SELECT e.stream, e.version, e.topic, e.state, behind + e.number
    FROM unnest(streams, versions, topics, states) WITH ORDINALITY
        AS e (stream, version, topic, state, number);
    PERFORM pg_notify(current_schema() || '.stored_events', '');
    RETURN behind;
END $$;

-- Gives a worker up to that many workspaces that have something due and that nobody settles now.
-- Who died with a lease loses it when its time is over. Parked ones stay until an operator asks. The
-- moment is asked for once: a clock that goes on could not be looked for in an index.
CREATE FUNCTION stored_events_lease(
    who text, most integer, seconds double precision, told_now timestamptz
) RETURNS TABLE (workspace text, events bigint) LANGUAGE sql AS $$
    WITH leased AS (
        INSERT INTO leases AS l (workspace, worker, leased_until)
        SELECT due.workspace, who, clock_timestamp() + seconds * interval '1 second'
        FROM (
            SELECT w.workspace FROM workspaces w
            WHERE w.next_due <= (SELECT coalesce(told_now, clock_timestamp()))
            AND NOT EXISTS (
                SELECT FROM leases x WHERE x.workspace = w.workspace
                AND (x.parked_at IS NOT NULL OR x.leased_until > clock_timestamp())
            )
            ORDER BY w.next_due LIMIT most
            FOR NO KEY UPDATE OF w SKIP LOCKED
        ) due
        ON CONFLICT (workspace) DO UPDATE SET
            worker = excluded.worker, leased_until = excluded.leased_until
        WHERE l.parked_at IS NULL AND l.leased_until <= clock_timestamp()
        RETURNING l.workspace
    )
    SELECT w.workspace, w.events FROM leased JOIN workspaces w USING (workspace)
$$;
