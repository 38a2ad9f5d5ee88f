-- Where a session stands on the list: after all others when it is made, and anew when it is taken
-- out of the archive. So nothing on the list moves, whatever the clock says.

ALTER TABLE sessions ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET place = rowid;
