-- What is not to be called for a while, or is tried by one call: the circuits of all programs of the user that are not
-- closed. key is a fingerprint, never a key; '*' there and in model stands for all. A handful of rows.
CREATE TABLE circuit (
    provider TEXT NOT NULL,
    address TEXT NOT NULL,
    key TEXT NOT NULL,
    model TEXT NOT NULL,
    background INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    client TEXT NOT NULL,
    probe_owner TEXT NOT NULL,
    probe_until_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, address, key, model, background)
) STRICT, WITHOUT ROWID;
