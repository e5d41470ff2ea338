-- when: before
-- older programs: work
-- What servers said, by the digest that stands in the events; erasable.

CREATE TABLE evidence (
    workspace text NOT NULL,
    subject text NOT NULL,
    digest text NOT NULL,
    protocol text NOT NULL,
    stage text NOT NULL,
    provider text,
    auth text NOT NULL,
    token_fresh boolean NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (workspace, digest, subject)
);

-- The planner's statistics would keep samples of what was erased.
ALTER TABLE evidence ALTER subject SET STATISTICS 0, ALTER text SET STATISTICS 0;
