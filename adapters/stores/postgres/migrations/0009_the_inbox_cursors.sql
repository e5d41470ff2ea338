-- when: before
-- older programs: work

-- How far each inbox has been read, in the words of whoever reads it. Written once a minute for
-- each account, so rows are kept where they are.
CREATE TABLE inbox_cursors (
    workspace text NOT NULL,
    account_id text NOT NULL,
    place text NOT NULL,
    read_until bigint,
    PRIMARY KEY (workspace, account_id)
) WITH (fillfactor = 50);
