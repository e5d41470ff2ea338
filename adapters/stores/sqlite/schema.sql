-- What the embedded store keeps beside the library's stored_events and tracking tables.
-- Times are microseconds since 1970, UTC.

-- name: store_info
CREATE TABLE IF NOT EXISTS store_info (version INTEGER NOT NULL)

-- name: workspaces
CREATE TABLE IF NOT EXISTS workspaces (
    workspace TEXT PRIMARY KEY,
    recorded_at INTEGER NOT NULL
) WITHOUT ROWID

-- name: envelopes
CREATE TABLE IF NOT EXISTS envelopes (
    command_id TEXT NOT NULL,
    command TEXT NOT NULL,
    workspace TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id TEXT,
    first_position INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    rejection TEXT,
    UNIQUE (workspace, command_id)
)

-- name: envelopes_by_position
CREATE INDEX IF NOT EXISTS envelopes_by_position ON envelopes (first_position) WHERE event_count > 0

-- name: timers
CREATE TABLE IF NOT EXISTS timers (
    workspace TEXT NOT NULL,
    timer TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    PRIMARY KEY (workspace, timer)
) WITHOUT ROWID

-- name: timers_by_time
CREATE INDEX IF NOT EXISTS timers_by_time ON timers (due_at, workspace)

-- name: timers_by_workspace
CREATE INDEX IF NOT EXISTS timers_by_workspace ON timers (workspace, due_at)

-- name: roster
CREATE TABLE IF NOT EXISTS roster (
    workspace TEXT NOT NULL,
    entry TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    PRIMARY KEY (workspace, entry, campaign_id)
) WITHOUT ROWID

-- name: snapshots
CREATE TABLE IF NOT EXISTS snapshots (
    stream_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL
) WITHOUT ROWID
