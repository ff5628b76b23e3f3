-- What tells a call from every other one, so that a row that waited in a file of its process is written once,
-- however often that is tried. NULL for calls from before there were such files.
ALTER TABLE call ADD COLUMN entry INTEGER;
CREATE UNIQUE INDEX call_by_entry ON call (entry);
