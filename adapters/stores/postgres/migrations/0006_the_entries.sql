-- when: before
-- older programs: work
-- The order of all that was recorded (docs/stream.md), and what tells this store from every other.

-- Nobody appends until this is committed.
SELECT stored_events_lock_order();

CREATE TABLE envelopes_without_events (
    number bigint PRIMARY KEY,
    entry bigint NOT NULL UNIQUE,
    workspace text COLLATE "C" NOT NULL,
    command_id text NOT NULL
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

INSERT INTO envelopes_without_events
SELECT number, first_position + number - 2, workspace, command_id FROM (
    SELECT workspace, command_id, first_position, row_number() OVER (
        ORDER BY first_position, recorded_at, workspace COLLATE "C", command_id COLLATE "C"
    ) AS number
    FROM envelopes WHERE event_count = 0
) numbered ORDER BY number;

CREATE TABLE store_identity (
    store_id text NOT NULL
);

CREATE TABLE generations (
    generation bigint PRIMARY KEY,
    first_entry bigint NOT NULL,
    first_position bigint NOT NULL,
    began_at timestamptz NOT NULL
);

INSERT INTO store_identity VALUES (replace(gen_random_uuid()::text, '-', ''));
INSERT INTO generations VALUES (1, 0, 1, clock_timestamp());

-- As in 0001, and envelopes without events are numbered: who appends holds the order.
CREATE OR REPLACE FUNCTION stored_events_complete(behind bigint, extra jsonb)
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off AS $$
BEGIN
    INSERT INTO envelopes SELECT
        e->>0, e->>1, e->>2, (e->>3)::timestamptz, e->>4, e->>5, e->>6,
        behind + (e->>7)::bigint, (e->>8)::bigint, e->>9
    FROM jsonb_array_elements(extra->'envelopes') e;
    IF extra @? '$.envelopes[*][8] ? (@ == 0)' THEN
        INSERT INTO envelopes_without_events
        SELECT number, behind + (e->>7)::bigint + number - 2, e->>2, e->>0 FROM (
            SELECT e, row_number() OVER (ORDER BY place) + (
                SELECT coalesce(max(number), 0) FROM envelopes_without_events
            ) AS number
            FROM jsonb_array_elements(extra->'envelopes') WITH ORDINALITY AS each (e, place)
            WHERE (e->>8)::bigint = 0
        ) numbered;
    END IF;
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
