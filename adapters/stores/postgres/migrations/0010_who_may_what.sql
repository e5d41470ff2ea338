-- when: before
-- older programs: work

-- Tokens of programs, by digest; and who looked at which person's case, apart from the log.
CREATE TABLE api_tokens (
    name text PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    role text NOT NULL,
    workspace text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint
);

CREATE TABLE looks (
    number bigint PRIMARY KEY,
    at bigint NOT NULL,
    by_whom text NOT NULL,
    workspace text NOT NULL,
    campaign_id text NOT NULL,
    recipient_id text NOT NULL
);

CREATE INDEX looks_by_workspace ON looks (workspace, number);

-- People who sign in, and their sessions by digest.
CREATE TABLE staff (
    name text PRIMARY KEY,
    role text NOT NULL,
    workspace text,
    password text,
    invitation text UNIQUE,
    invited_until bigint
);

CREATE TABLE sessions (
    digest text PRIMARY KEY,
    name text NOT NULL,
    began_at bigint NOT NULL,
    seen_at bigint NOT NULL
) WITH (fillfactor = 50);

-- Views of the log that people keep under a name.
CREATE TABLE saved_filters (
    owner text NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    PRIMARY KEY (owner, name)
);
