-- Where the price of a call is from, and whether it follows from estimated counts.
ALTER TABLE call ADD COLUMN cost_source TEXT;
ALTER TABLE call ADD COLUMN cost_estimated INTEGER NOT NULL DEFAULT 0;
