-- When a session came on the list: when it was made, and anew when it is taken out of the archive.
-- The list keeps this order, so that nothing in it moves while it is there.

ALTER TABLE sessions ADD COLUMN listed_at REAL NOT NULL DEFAULT 0;
UPDATE sessions SET listed_at = created_at;
