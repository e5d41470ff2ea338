-- when: before
-- older programs: work

-- Which tool was called by whom, apart from the log.
CREATE TABLE tool_calls (
    number bigint PRIMARY KEY,
    at bigint NOT NULL,
    by_whom text NOT NULL,
    workspace text NOT NULL,
    tool text NOT NULL,
    arguments text NOT NULL,
    outcome text NOT NULL,
    campaign_id text,
    recipient_id text
);

CREATE INDEX tool_calls_by_workspace ON tool_calls (workspace, number);
