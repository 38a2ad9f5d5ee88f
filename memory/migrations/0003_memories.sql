-- Memories as they are now, every version they ever had, and how they were used.
-- A memory is never deleted; a version never changes, but for the tombstone of a redaction, which
-- removes its text and leaves its digest, over which the chain runs.

CREATE TABLE memories (
  number INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('user', 'feedback', 'project', 'reference')),
  scope TEXT NOT NULL CHECK (scope IN ('user', 'project')),
  project TEXT,
  source TEXT NOT NULL CHECK (source IN ('user_stated', 'tool_observed', 'agent_inferred')),
  session_id TEXT,
  message INTEGER,
  quote TEXT NOT NULL,
  verify TEXT NOT NULL,
  confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  confirmations INTEGER NOT NULL CHECK (confirmations >= 0),
  last_confirmed_at REAL,
  created_at REAL NOT NULL,
  valid_from REAL,
  valid_to REAL,
  status TEXT NOT NULL CHECK (status IN
    ('active', 'quarantined', 'superseded', 'merged', 'pruned', 'forgotten', 'redacted')),
  pinned INTEGER NOT NULL CHECK (pinned IN (0, 1)),
  superseded_by TEXT REFERENCES memories (id),
  drift TEXT NOT NULL,
  evidence TEXT NOT NULL,
  CHECK ((scope = 'project') = (project IS NOT NULL)),
  CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to),
  CHECK ((superseded_by IS NOT NULL) = (status IN ('superseded', 'merged')))
);

CREATE INDEX memories_by_status ON memories (status, number);
CREATE INDEX memories_by_session ON memories (session_id, number) WHERE session_id IS NOT NULL;

CREATE TABLE memory_versions (
  seq INTEGER NOT NULL PRIMARY KEY,
  memory_id TEXT NOT NULL REFERENCES memories (id),
  version INTEGER NOT NULL CHECK (version >= 1),
  at REAL NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT CHECK (typeof(state) IN ('text', 'null')),
  digest TEXT NOT NULL,
  chain TEXT NOT NULL,
  redacted_at REAL,
  CHECK ((state IS NULL) = (redacted_at IS NOT NULL)),
  UNIQUE (memory_id, version)
);

CREATE TABLE memory_usage (
  memory_id TEXT NOT NULL PRIMARY KEY REFERENCES memories (id),
  recalled INTEGER NOT NULL DEFAULT 0,
  cited INTEGER NOT NULL DEFAULT 0,
  confirmed INTEGER NOT NULL DEFAULT 0,
  contradicted INTEGER NOT NULL DEFAULT 0,
  last_used_at REAL
) WITHOUT ROWID;

CREATE TRIGGER memories_stay BEFORE DELETE ON memories
BEGIN
  SELECT RAISE(ABORT, 'a memory is never deleted');
END;

CREATE TRIGGER memories_are_themselves BEFORE UPDATE ON memories
WHEN NEW.number IS NOT OLD.number OR NEW.id IS NOT OLD.id OR NEW.created_at IS NOT OLD.created_at
BEGIN
  SELECT RAISE(ABORT, 'the id and the birth of a memory never change');
END;

CREATE TRIGGER memory_versions_append BEFORE INSERT ON memory_versions
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM memory_versions)
BEGIN
  SELECT RAISE(ABORT, 'the versions of memories are append-only');
END;

CREATE TRIGGER memory_versions_keep BEFORE UPDATE ON memory_versions
WHEN NOT (
  OLD.state IS NOT NULL AND NEW.state IS NULL
  AND NEW.seq IS OLD.seq AND NEW.memory_id IS OLD.memory_id AND NEW.version IS OLD.version
  AND NEW.at IS OLD.at AND NEW.by IS OLD.by AND NEW.reason IS OLD.reason
  AND NEW.digest IS OLD.digest AND NEW.chain IS OLD.chain
)
BEGIN
  SELECT RAISE(ABORT, 'the versions of memories are append-only');
END;

CREATE TRIGGER memory_versions_stay BEFORE DELETE ON memory_versions
BEGIN
  SELECT RAISE(ABORT, 'the versions of memories are append-only');
END;
