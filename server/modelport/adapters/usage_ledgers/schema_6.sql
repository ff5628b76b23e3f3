-- What the calls under way may cost: a row from before a call is sent until the row of the call takes its place, which has
-- the same number as its entry. owner is the file of the process in the folder of calls that wait.
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
CREATE TRIGGER call_settles AFTER INSERT ON call WHEN NEW.entry IS NOT NULL BEGIN
    DELETE FROM reservation WHERE id = NEW.entry;
END;

-- By how much the limit of a budget is raised, and until when.
CREATE TABLE budget_raise (
    budget TEXT PRIMARY KEY,
    usd_micros INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last state of a budget that was reported, for the period and the limit that it had. session is empty but for
-- budgets of a session.
CREATE TABLE budget_state (
    budget TEXT NOT NULL,
    session TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    limit_usd_micros INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (budget, session)
) STRICT, WITHOUT ROWID;
