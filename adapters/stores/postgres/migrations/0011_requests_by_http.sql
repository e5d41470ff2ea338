-- when: before
-- older programs: work

-- Requests by HTTP: those of several steps in a table; those of one step in the log, by a command
-- id that begins with `http.`, of which there is one under a key.
CREATE TABLE http_requests (
    workspace text NOT NULL,
    key text NOT NULL,
    request text NOT NULL,
    caller text NOT NULL,
    operation text NOT NULL,
    at bigint NOT NULL,
    progress text,
    status smallint,
    answer text,
    PRIMARY KEY (workspace, key)
);

CREATE TABLE http_secret (number smallint PRIMARY KEY, value text NOT NULL);

CREATE UNIQUE INDEX envelopes_by_http_key ON envelopes (workspace, substr(command_id, 1, 37))
WHERE substr(command_id, 1, 5) = 'http.';
