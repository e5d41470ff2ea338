-- when: before
-- older programs: work
-- The same appends with less for the server to do (docs/decisions/0014). A function in SQL is parsed
-- each time it is called, PERFORM is a query, and an assignment is neither: what answers nothing is
-- asked whether it is NULL.

CREATE OR REPLACE FUNCTION stored_events_lock_order() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held boolean;
BEGIN
    held := pg_advisory_xact_lock(
        hashtextextended(current_schema() || '.stored_events', 0)
    ) IS NULL;
END $$;

CREATE OR REPLACE FUNCTION stored_events_on_disk() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place pg_lsn;
BEGIN
    place := pg_logical_emit_message(true, 'sendledger', '');
END $$;

CREATE OR REPLACE PROCEDURE stored_events_append_one_unmoved(
    told_now timestamptz, decided_at timestamptz,
    its_name text, stood_at bigint, left_at timestamptz, requested text,
    stream text, version bigint, topic text, state bytea,
    command text, actor text, correlation text, causation text, rejection text,
    INOUT after bigint, INOUT told_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
    setting text;
    done boolean;
BEGIN
    after := NULL;
    IF pg_try_advisory_xact_lock(hashtextextended(current_schema() || ':' || its_name, 1)) THEN
        moment := coalesce(told_now, clock_timestamp());
        IF decided_at <= moment AND decided_at >= moment - interval '100 milliseconds' THEN
            setting := set_config('synchronous_commit', 'off', true);
            done := stored_events_lock_order() IS NULL;
            SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events) INTO after
            FROM workspaces w WHERE w.workspace = its_name
            AND w.last_position = stood_at AND w.recorded_at = left_at
            AND w.recorded_at <= decided_at
            AND NOT EXISTS (
                SELECT FROM timers t WHERE t.workspace = its_name AND t.due_at <= moment
                AND NOT starts_with(t.timer, '["reminder", ')
            ) AND NOT EXISTS (
                SELECT FROM envelopes e WHERE e.workspace = its_name AND e.command_id = requested
            );
        END IF;
    END IF;
    IF after IS NOT NULL THEN
        INSERT INTO stored_events VALUES (stream, version, topic, state, after + 1);
        INSERT INTO envelopes VALUES (
            requested, command, its_name, decided_at, actor, correlation, causation,
            after + 1, 1, rejection
        );
        UPDATE workspaces w
        SET recorded_at = decided_at, last_position = after + 1, events = w.events + 1
        WHERE w.workspace = its_name;
        done := pg_notify(current_schema() || '.stored_events', '') IS NULL;
        COMMIT;
        done := stored_events_on_disk() IS NULL;
        COMMIT;
    END IF;
    told_at := clock_timestamp();
END $$;

-- Appends to several workspaces that are events and their envelopes and set no timer. `lasts` and
-- `firsts` count from the first event of all. OFFSET 0 and ANY keep plans from reading whole tables
-- because they were small once.
CREATE PROCEDURE stored_events_append_plain_unmoved(
    told_now timestamptz, decided_at timestamptz,
    names text[], stood_at bigint[], left_at timestamptz[], lasts bigint[], counts bigint[],
    streams text[], versions bigint[], topics text[], states bytea[],
    requested text[], commands text[], belongs text[], actors text[], correlations text[],
    causations text[], firsts bigint[], sizes bigint[], rejections text[],
    INOUT after bigint, INOUT told_at timestamptz, INOUT moved text[]
) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
    setting text;
    done boolean;
BEGIN
    after := NULL;
    moved := '{}';
    FOR each IN 1 .. cardinality(names) LOOP
        IF NOT pg_try_advisory_xact_lock(
            hashtextextended(current_schema() || ':' || names[each], 1)
        ) THEN
            moved := moved || names[each];
        END IF;
    END LOOP;
    moment := coalesce(told_now, clock_timestamp());
    IF decided_at > moment OR decided_at < moment - interval '100 milliseconds' THEN
        moved := names;
    ELSIF moved = '{}' THEN
        setting := set_config('synchronous_commit', 'off', true);
        done := stored_events_lock_order() IS NULL;
        SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events),
            coalesce(array_agg(n.name) FILTER (WHERE NOT unmoved), '{}')
        INTO after, moved
        FROM unnest(names, stood_at, left_at) AS n (name, stood_at, left_at)
        CROSS JOIN LATERAL (SELECT EXISTS (
            SELECT FROM workspaces w WHERE w.workspace = n.name
            AND w.last_position = n.stood_at AND w.recorded_at = n.left_at
            AND w.recorded_at <= decided_at OFFSET 0
        ) AND NOT EXISTS (
            SELECT FROM timers t WHERE t.workspace = n.name AND t.due_at <= moment
            AND NOT starts_with(t.timer, '["reminder", ') OFFSET 0
        ) AS unmoved) is_there;
        SELECT moved || coalesce(array_agg(e.workspace), '{}') INTO moved
        FROM unnest(belongs, requested) AS asked (workspace, id)
        CROSS JOIN LATERAL (
            SELECT x.workspace FROM envelopes x
            WHERE x.workspace = asked.workspace AND x.command_id = asked.id OFFSET 0
        ) e;
    END IF;
    IF moved = '{}' THEN
        INSERT INTO stored_events
        SELECT e.stream, e.version, e.topic, e.state, after + e.number
        FROM unnest(streams, versions, topics, states) WITH ORDINALITY
            AS e (stream, version, topic, state, number);
        INSERT INTO envelopes
        SELECT e.requested, e.command, e.workspace, decided_at, e.actor, e.correlation, e.causation,
            after + e.first, e.size, e.rejection
        FROM unnest(
            requested, commands, belongs, actors, correlations, causations, firsts, sizes, rejections
        ) AS e (
            requested, command, workspace, actor, correlation, causation, first, size, rejection
        );
        UPDATE workspaces w
        SET recorded_at = decided_at, last_position = after + n.last, events = w.events + n.count
        FROM unnest(names, lasts, counts) AS n (name, last, count)
        WHERE w.workspace = n.name AND w.workspace = ANY (names);
        done := pg_notify(current_schema() || '.stored_events', '') IS NULL;
        COMMIT;
        done := stored_events_on_disk() IS NULL;
        COMMIT;
    ELSE
        after := NULL;
    END IF;
    told_at := clock_timestamp();
END $$;
