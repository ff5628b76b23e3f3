-- When each key was last sent. key is a fingerprint, never a key; a row that is old goes with the next call.
CREATE TABLE key_use (
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    used_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, key)
) STRICT, WITHOUT ROWID;
