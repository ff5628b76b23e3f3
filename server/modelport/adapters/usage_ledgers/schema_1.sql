-- One row per call. Times are milliseconds since 1970, UTC; money is millionths of a US dollar,
-- NULL where the price is not known. The daily table is kept by a trigger, so that adding up
-- years of calls reads a few thousand rows.
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
) STRICT;
CREATE INDEX call_by_time ON call (started_at_ms);
CREATE INDEX call_by_model ON call (model, started_at_ms);

CREATE TABLE daily (
    day INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    client TEXT NOT NULL,
    project TEXT NOT NULL,
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
    PRIMARY KEY (day, provider, model, client, project)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER call_counts AFTER INSERT ON call BEGIN
    INSERT INTO daily VALUES (
        NEW.started_at_ms / 86400000, NEW.provider, NEW.model, NEW.client, NEW.project,
        1, NEW.outcome = 'failed', NEW.outcome = 'cancelled',
        NEW.input_tokens, NEW.output_tokens,
        coalesce(NEW.cache_read_tokens, 0), coalesce(NEW.cache_write_tokens, 0), coalesce(NEW.reasoning_tokens, 0),
        coalesce(NEW.usd_micros, 0), NEW.usd_micros IS NULL
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
        unpriced_calls = unpriced_calls + excluded.unpriced_calls;
END;

