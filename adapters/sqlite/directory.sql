-- The directory: who a recipient id stands for. Outside the events, in the same file (F1).

-- name: directory
CREATE TABLE IF NOT EXISTS directory (
    workspace TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    variables TEXT NOT NULL,
    PRIMARY KEY (workspace, recipient_id),
    UNIQUE (workspace, address)
) WITHOUT ROWID

-- name: enrol_person
INSERT INTO directory VALUES (?, ?, ?, ?, ?) ON CONFLICT (workspace, address) DO NOTHING

-- name: recipient_at
SELECT recipient_id FROM directory WHERE workspace = ? AND address = ?

-- name: person
SELECT address, name, variables FROM directory WHERE workspace = ? AND recipient_id = ?
