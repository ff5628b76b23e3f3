-- The calls of one session, which a budget may count: without an index that reads every call since the session began.
CREATE INDEX call_by_session ON call (session) WHERE session != '';

-- The daily sums, by the source of the price as well, and how many costs are estimates. The calls themselves have both,
-- so they are added up anew. A price without a source is that of a call that is free, or of a version without sources.
DROP TRIGGER call_counts;
DROP TABLE daily;
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
INSERT INTO daily SELECT
    started_at_ms / 86400000, provider, model, client, project, role,
    CASE
        WHEN usd_micros IS NULL THEN 'unknown'
        ELSE coalesce(cost_source, iif(usd_micros = 0, 'free', 'unknown'))
    END AS source,
    count(*), sum(outcome = 'failed'), sum(outcome = 'cancelled'),
    sum(input_tokens), sum(output_tokens),
    sum(coalesce(cache_read_tokens, 0)), sum(coalesce(cache_write_tokens, 0)), sum(coalesce(reasoning_tokens, 0)),
    sum(coalesce(usd_micros, 0)), sum(usd_micros IS NULL), sum(cost_estimated)
FROM call GROUP BY started_at_ms / 86400000, provider, model, client, project, role, source;

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
