-- when: before
-- older programs: work
-- Appends of what was decided without a lock, in one message each (docs/decisions/0014).

-- Locks the workspace unless somebody holds it, and only then: is it where its writer left it, is
-- nothing of the law due in it (reminders wait for a worker), and was it decided just now, by a clock
-- that is not ahead of ours?
CREATE FUNCTION stored_events_unmoved(
    its_name text, stood_at bigint, left_at timestamptz, decided_at timestamptz, told_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ':' || its_name, 1)) THEN
        RETURN false;
    END IF;
    moment := coalesce(told_now, clock_timestamp());
    IF decided_at > moment OR decided_at < moment - interval '100 milliseconds' THEN
        RETURN false;
    END IF;
    RETURN EXISTS (
        SELECT FROM workspaces w WHERE w.workspace = its_name
        AND w.last_position = stood_at AND w.recorded_at = left_at AND w.recorded_at <= decided_at
    ) AND NOT EXISTS (
        SELECT FROM timers t WHERE t.workspace = its_name AND t.due_at <= moment
        AND NOT starts_with(t.timer, '["reminder", ')
    );
END $$;

-- One command that came to one event, and sets no timer. `after` is NULL where nothing was written.
-- Plans are kept for as long as the connection lives, and no procedure that commits may set how they
-- are made: see optimistic.py. The first commit does not wait for the disk while others wait for the
-- order; the second does. `told_at` is the clock when all is done.
CREATE PROCEDURE stored_events_append_one_unmoved(
    told_now timestamptz, decided_at timestamptz,
    its_name text, stood_at bigint, left_at timestamptz, requested text,
    stream text, version bigint, topic text, state bytea,
    command text, actor text, correlation text, causation text, rejection text,
    INOUT after bigint, INOUT told_at timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
    after := NULL;
    IF stored_events_unmoved(its_name, stood_at, left_at, decided_at, told_now) AND NOT EXISTS (
        SELECT FROM envelopes e WHERE e.workspace = its_name AND e.command_id = requested
    ) THEN
        PERFORM set_config('synchronous_commit', 'off', true);
        PERFORM stored_events_lock_order();
        SELECT coalesce(max(notification_id), 0) INTO after FROM stored_events;
        INSERT INTO stored_events VALUES (stream, version, topic, state, after + 1);
        INSERT INTO envelopes VALUES (
            requested, command, its_name, decided_at, actor, correlation, causation,
            after + 1, 1, rejection
        );
        UPDATE workspaces w
        SET recorded_at = decided_at, last_position = after + 1, events = w.events + 1
        WHERE w.workspace = its_name;
        PERFORM pg_notify(current_schema() || '.stored_events', '');
        COMMIT;
        PERFORM stored_events_on_disk();
        COMMIT;
    END IF;
    told_at := clock_timestamp();
END $$;

-- Appends of any shape to several workspaces. Where one of them is not where its writer left it,
-- or has one of its commands already, nothing is written, and it is `moved`.
CREATE PROCEDURE stored_events_append_unmoved(
    told_now timestamptz, decided_at timestamptz,
    names text[], stood_at bigint[], left_at timestamptz[], asked_in text[], requested text[],
    streams text[], versions bigint[], topics text[], states bytea[], extra jsonb,
    INOUT after bigint, INOUT told_at timestamptz, INOUT moved text[]
) LANGUAGE plpgsql AS $$
BEGIN
    after := NULL;
    moved := '{}';
    FOR place IN 1 .. cardinality(names) LOOP
        IF NOT stored_events_unmoved(
            names[place], stood_at[place], left_at[place], decided_at, told_now
        ) THEN
            moved := moved || names[place];
        END IF;
    END LOOP;
    SELECT moved || coalesce(array_agg(e.workspace), '{}') INTO moved
    FROM unnest(asked_in, requested) AS asked (workspace, id)
    CROSS JOIN LATERAL (
        SELECT x.workspace FROM envelopes x
        WHERE x.workspace = asked.workspace AND x.command_id = asked.id OFFSET 0
    ) e;
    IF moved = '{}' THEN
        after := stored_events_append(streams, versions, topics, states, extra);
        COMMIT;
        PERFORM stored_events_on_disk();
        COMMIT;
    END IF;
    told_at := clock_timestamp();
END $$;
