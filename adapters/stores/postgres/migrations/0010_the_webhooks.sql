-- when: before
-- older programs: work

-- Endpoints of webhooks, and how far each one is: written once a second while events come, so rows
-- are kept where they are.
CREATE TABLE webhook_endpoints (
    id text PRIMARY KEY,
    version bigint NOT NULL,
    workspace text,
    url text NOT NULL,
    types text NOT NULL,
    owner text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    entry bigint NOT NULL,
    lanes text NOT NULL,
    created_at bigint NOT NULL,
    parked_at bigint,
    told smallint NOT NULL
) WITH (fillfactor = 50);

-- What was tried.
CREATE TABLE webhook_deliveries (
    endpoint_id text NOT NULL,
    delivered smallint NOT NULL,
    tried_at bigint NOT NULL,
    workspace text NOT NULL,
    position bigint NOT NULL,
    attempt integer NOT NULL,
    status integer NOT NULL,
    answer text NOT NULL,
    milliseconds integer NOT NULL,
    PRIMARY KEY (endpoint_id, delivered, tried_at, workspace, position)
);
