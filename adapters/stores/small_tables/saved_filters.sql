-- Views of the log that people keep under a name.

-- name: table
CREATE TABLE IF NOT EXISTS saved_filters (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    PRIMARY KEY (owner, name)
)

-- name: save
INSERT INTO saved_filters (owner, name, query) VALUES (:owner, :name, :query)
ON CONFLICT (owner, name) DO UPDATE SET query = excluded.query

-- name: of
SELECT owner, name, query FROM saved_filters WHERE owner = :owner ORDER BY name

-- name: remove
DELETE FROM saved_filters WHERE owner = :owner AND name = :name
