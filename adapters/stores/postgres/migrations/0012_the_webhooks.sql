-- when: before
-- older programs: work

-- Endpoints of webhooks as JSON, and what was tried. An endpoint is written once a second while
-- events come, so rows are kept where they are.
CREATE TABLE webhook_endpoints (
    id text PRIMARY KEY,
    version bigint NOT NULL,
    endpoint text NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE webhook_deliveries (
    endpoint_id text NOT NULL,
    delivered smallint NOT NULL,
    tried_at bigint NOT NULL,
    position bigint NOT NULL,
    delivery text NOT NULL,
    PRIMARY KEY (endpoint_id, delivered, tried_at, position)
);
