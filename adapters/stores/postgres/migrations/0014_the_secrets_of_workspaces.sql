-- when: before
-- older programs: work

-- Secrets under which entries of the log are committed to, one for each workspace, never changed.
CREATE TABLE workspace_secrets (workspace text PRIMARY KEY, value text NOT NULL);
