-- when: before
-- older programs: work

-- The salt of the digest by which a person's row is committed to in the log; none in older rows.
ALTER TABLE directory ADD COLUMN salt bytea;
ALTER TABLE directory ALTER salt SET STATISTICS 0;
