BEGIN TRANSACTION;
CREATE TABLE budget_raise (
    budget TEXT PRIMARY KEY,
    usd_micros INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE budget_state (
    budget TEXT NOT NULL,
    session TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    limit_usd_micros INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (budget, session)
) STRICT, WITHOUT ROWID;
CREATE TABLE call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at_ms INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    client TEXT NOT NULL,
    project TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'failed', 'cancelled')),
    error_kind TEXT,
    finish_reason TEXT,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    latency_ms REAL NOT NULL,
    time_to_first_token_ms REAL,
    usd_micros INTEGER,
    estimated INTEGER NOT NULL
, entry INTEGER, cost_source TEXT, cost_estimated INTEGER NOT NULL DEFAULT 0, role TEXT NOT NULL DEFAULT 'chat', session TEXT NOT NULL DEFAULT '', attempt_of INTEGER, attempt INTEGER NOT NULL DEFAULT 0, answered_model TEXT, service_tier TEXT, exact_usd TEXT, cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0, input_audio_tokens INTEGER NOT NULL DEFAULT 0, output_audio_tokens INTEGER NOT NULL DEFAULT 0, input_image_tokens INTEGER NOT NULL DEFAULT 0, output_image_tokens INTEGER NOT NULL DEFAULT 0, billed_input_tokens INTEGER, billed_output_tokens INTEGER, web_searches INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "call" VALUES(1,1728043200000,'acme','m0','','','ok',NULL,'stop',100,0,50,NULL,NULL,12.5,3.5,0,0,1000,'list',0,'chat','',NULL,0,NULL,NULL,NULL,0,0,0,0,0,NULL,NULL,0);
INSERT INTO "call" VALUES(2,1728083200000,'acme','m1','vim','site','failed','network',NULL,101,10,NULL,NULL,1,12.5,3.5,7,0,1001,'list',1,'chat','',NULL,0,NULL,NULL,NULL,0,0,0,0,0,NULL,NULL,0);
INSERT INTO "call" VALUES(3,1728123200000,'acme','m0','vim','site','cancelled',NULL,NULL,102,20,50,NULL,2,12.5,3.5,14,0,1002,'list',0,'chat','',NULL,0,NULL,NULL,NULL,0,0,0,0,0,NULL,NULL,0);
INSERT INTO "call" VALUES(4,1728163200000,'acme','m1','vim','','ok',NULL,'stop',103,30,NULL,NULL,3,12.5,3.5,21,0,1003,NULL,0,'chat','',NULL,0,NULL,NULL,NULL,0,0,0,0,0,NULL,NULL,0);
INSERT INTO "call" VALUES(5,1728203200000,'local','m0','vim','site','failed','network',NULL,104,40,50,NULL,4,12.5,3.5,28,1,1004,NULL,0,'chat','',NULL,0,NULL,NULL,NULL,0,0,0,0,0,NULL,NULL,0);
INSERT INTO "call" VALUES(6,1728243200000,'local','m1','vim','site','cancelled',NULL,NULL,105,50,NULL,NULL,5,12.5,3.5,NULL,0,1005,NULL,0,'chat','',NULL,0,NULL,NULL,NULL,0,0,0,0,0,NULL,NULL,0);
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
CREATE TABLE daily (
    day INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    client TEXT NOT NULL,
    project TEXT NOT NULL,
    role TEXT NOT NULL,
    cost_source TEXT NOT NULL,
    total_calls INTEGER NOT NULL,
    failed_calls INTEGER NOT NULL,
    cancelled_calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    usd_micros INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    estimated_calls INTEGER NOT NULL,
    PRIMARY KEY (day, provider, model, client, project, role, cost_source)
) STRICT, WITHOUT ROWID;
INSERT INTO "daily" VALUES(20000,'acme','m0','','','chat','list',1,0,0,100,0,50,0,0,0,0,0);
INSERT INTO "daily" VALUES(20000,'acme','m1','vim','site','chat','list',1,1,0,101,10,0,0,1,7,0,1);
INSERT INTO "daily" VALUES(20001,'acme','m0','vim','site','chat','list',1,0,1,102,20,50,0,2,14,0,0);
INSERT INTO "daily" VALUES(20001,'acme','m1','vim','','chat','unknown',1,0,0,103,30,0,0,3,21,0,0);
INSERT INTO "daily" VALUES(20002,'local','m0','vim','site','chat','unknown',1,1,0,104,40,50,0,4,28,0,0);
INSERT INTO "daily" VALUES(20002,'local','m1','vim','site','chat','unknown',1,0,1,105,50,0,0,5,0,1,0);
CREATE TABLE reservation (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    client TEXT NOT NULL,
    project TEXT NOT NULL,
    role TEXT NOT NULL,
    session TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    input_usd_micros INTEGER NOT NULL,
    usd_micros INTEGER NOT NULL
) STRICT;
CREATE INDEX call_by_time ON call (started_at_ms);
CREATE INDEX call_by_model ON call (model, started_at_ms);
CREATE UNIQUE INDEX call_by_entry ON call (entry);
CREATE TRIGGER call_settles AFTER INSERT ON call WHEN NEW.entry IS NOT NULL BEGIN
    DELETE FROM reservation WHERE id = NEW.entry;
END;
CREATE INDEX call_by_session ON call (session) WHERE session != '';
CREATE TRIGGER call_counts AFTER INSERT ON call BEGIN
    INSERT INTO daily VALUES (
        NEW.started_at_ms / 86400000, NEW.provider, NEW.model, NEW.client, NEW.project, NEW.role,
        CASE
            WHEN NEW.usd_micros IS NULL THEN 'unknown'
            ELSE coalesce(NEW.cost_source, iif(NEW.usd_micros = 0, 'free', 'unknown'))
        END,
        1, NEW.outcome = 'failed', NEW.outcome = 'cancelled',
        NEW.input_tokens, NEW.output_tokens,
        coalesce(NEW.cache_read_tokens, 0), coalesce(NEW.cache_write_tokens, 0), coalesce(NEW.reasoning_tokens, 0),
        coalesce(NEW.usd_micros, 0), NEW.usd_micros IS NULL, NEW.cost_estimated
    ) ON CONFLICT DO UPDATE SET
        total_calls = total_calls + 1,
        failed_calls = failed_calls + excluded.failed_calls,
        cancelled_calls = cancelled_calls + excluded.cancelled_calls,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
        cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
        reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
        usd_micros = usd_micros + excluded.usd_micros,
        unpriced_calls = unpriced_calls + excluded.unpriced_calls,
        estimated_calls = estimated_calls + excluded.estimated_calls;
END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('call',6);
COMMIT;
PRAGMA user_version = 7;
