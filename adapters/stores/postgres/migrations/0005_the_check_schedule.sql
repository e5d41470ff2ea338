-- when: before
-- older programs: work
-- When each account is checked next in the background. While somebody checks, due_at is the end of
-- his lease, and lease its name.

CREATE TABLE check_schedule (
    workspace text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL,
    credentials text,
    server text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    found text,
    checked_at timestamptz,
    lease text NOT NULL DEFAULT '',
    PRIMARY KEY (workspace, account_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE INDEX check_schedule_by_time ON check_schedule (due_at);
