-- What dreams planned and did. A row is one change of one memory; rows of one operation belong
-- together. Nothing here quotes a memory: states are named by memory and version, so that a redaction
-- finds every text.

ALTER TABLE dreams ADD COLUMN watermark INTEGER NOT NULL DEFAULT 0;

CREATE TABLE dream_operations (
  dream_id INTEGER NOT NULL REFERENCES dreams (id),
  operation INTEGER NOT NULL,
  part INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'supersede', 'flag', 'quarantine')),
  memory_id TEXT NOT NULL REFERENCES memories (id),
  other_id TEXT REFERENCES memories (id),
  before_version INTEGER NOT NULL,
  before_digest TEXT NOT NULL,
  appended TEXT NOT NULL,
  drift TEXT NOT NULL,
  evidence TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'applied', 'undone')),
  after_version INTEGER,
  CHECK ((state = 'planned') = (after_version IS NULL)),
  PRIMARY KEY (dream_id, operation, part)
) WITHOUT ROWID;

CREATE TABLE dream_proposals (
  dream_id INTEGER NOT NULL REFERENCES dreams (id),
  number INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'supersede')),
  one TEXT NOT NULL REFERENCES memories (id),
  other TEXT NOT NULL REFERENCES memories (id),
  likeness REAL NOT NULL,
  PRIMARY KEY (dream_id, number)
) WITHOUT ROWID;
