-- when: before
-- older programs: work

-- Secrets that the vault has encrypted; never a key. The greatest number is the key that new rows are
-- sealed with. Who writes rows holds vault_keys in SHARE mode, so that no key comes or goes meanwhile.
CREATE TABLE vault_keys (
    number bigint PRIMARY KEY,
    key_id text NOT NULL UNIQUE,
    fingerprint bytea NOT NULL
);

CREATE TABLE vault_secrets (
    workspace text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    key_id text NOT NULL REFERENCES vault_keys (key_id),
    sealed bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (workspace, account_id, name)
);
