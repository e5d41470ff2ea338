-- when: before
-- older programs: work

-- Up to where the store was told in its topic: one row, or none. Written once a second while the
-- relay has something to tell.
CREATE TABLE relay_mark (
    one integer PRIMARY KEY CHECK (one = 1),
    topic text NOT NULL,
    topic_id text NOT NULL,
    entry bigint NOT NULL
) WITH (fillfactor = 10);
