-- What a call was for, which run of its client and which request it belongs to, and what its price follows from.
-- attempt_of is the entry of the first call for the same request; NULL for that one itself.
ALTER TABLE call ADD COLUMN role TEXT NOT NULL DEFAULT 'chat';
ALTER TABLE call ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN attempt_of INTEGER;
ALTER TABLE call ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN answered_model TEXT;
ALTER TABLE call ADD COLUMN service_tier TEXT;
ALTER TABLE call ADD COLUMN exact_usd TEXT;
ALTER TABLE call ADD COLUMN cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN input_audio_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN output_audio_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN input_image_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN output_image_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN billed_input_tokens INTEGER;
ALTER TABLE call ADD COLUMN billed_output_tokens INTEGER;
ALTER TABLE call ADD COLUMN web_searches INTEGER NOT NULL DEFAULT 0;

-- The daily sums, by role as well. A primary key cannot be changed: the sums move to a new table.
DROP TRIGGER call_counts;
ALTER TABLE daily RENAME TO daily_without_role;
CREATE TABLE daily (
    day INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    client TEXT NOT NULL,
    project TEXT NOT NULL,
    role TEXT NOT NULL,
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
    PRIMARY KEY (day, provider, model, client, project, role)
) STRICT, WITHOUT ROWID;
INSERT INTO daily SELECT
    day, provider, model, client, project, 'chat', total_calls, failed_calls, cancelled_calls, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, usd_micros, unpriced_calls
FROM daily_without_role;
DROP TABLE daily_without_role;

CREATE TRIGGER call_counts AFTER INSERT ON call BEGIN
    INSERT INTO daily VALUES (
        NEW.started_at_ms / 86400000, NEW.provider, NEW.model, NEW.client, NEW.project, NEW.role,
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
