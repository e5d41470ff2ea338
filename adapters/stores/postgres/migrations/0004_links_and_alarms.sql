-- when: before
-- older programs: work

-- What operators have to put right, and no owner of a mailbox can.
CREATE TABLE operator_alarms (
    about text PRIMARY KEY,
    text text NOT NULL,
    since timestamptz NOT NULL
);

-- Links for reconnecting that were used, until they would have expired. Digests alone: nothing here
-- opens anything.
CREATE TABLE used_links (
    link text PRIMARY KEY,
    state text NOT NULL UNIQUE,
    good_until timestamptz NOT NULL,
    answered boolean NOT NULL DEFAULT false
);
