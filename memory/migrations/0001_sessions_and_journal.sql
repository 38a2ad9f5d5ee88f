-- Sessions, their exact transcripts, the journal, usage, trust and dreams.
-- Logs are append-only: triggers refuse every change but the tombstone, which removes the text of
-- a row and leaves its digests. STRICT and RETURNING are avoided, so that SQLite 3.26 is enough.

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  directory TEXT NOT NULL,
  kind TEXT NOT NULL,
  model TEXT NOT NULL,
  mode TEXT NOT NULL,
  state TEXT NOT NULL,
  activity TEXT NOT NULL,
  since REAL NOT NULL,
  created_at REAL NOT NULL,
  archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
  demo INTEGER NOT NULL CHECK (demo IN (0, 1)),
  command TEXT NOT NULL,
  parent TEXT REFERENCES sessions (id),
  system_json TEXT NOT NULL,
  tools_json TEXT NOT NULL,
  pane_ids TEXT NOT NULL,
  extra TEXT NOT NULL
);

CREATE TABLE transcript (
  session_id TEXT NOT NULL REFERENCES sessions (id),
  seq INTEGER NOT NULL CHECK (seq >= 1),
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'event')),
  at REAL NOT NULL,
  user_turn INTEGER NOT NULL CHECK (user_turn IN (0, 1)),
  payload TEXT CHECK (typeof(payload) IN ('text', 'null')),
  exact_sha256 TEXT NOT NULL,
  digest TEXT NOT NULL,
  prefix_sha256 TEXT NOT NULL,
  chain TEXT NOT NULL,
  tombstoned_at REAL,
  CHECK ((payload IS NULL) = (tombstoned_at IS NOT NULL)),
  PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;

CREATE INDEX transcript_by_time ON transcript (at);
CREATE INDEX transcript_user_turns ON transcript (at, session_id) WHERE user_turn = 1;

CREATE TABLE attachments (
  sha256 TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL,
  content BLOB
);

CREATE TABLE transcript_attachments (
  session_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES attachments (sha256),
  media_type TEXT NOT NULL,
  PRIMARY KEY (session_id, seq, position),
  FOREIGN KEY (session_id, seq) REFERENCES transcript (session_id, seq)
) WITHOUT ROWID;

CREATE INDEX transcript_attachments_by_content ON transcript_attachments (sha256);

CREATE TABLE journal (
  seq INTEGER NOT NULL PRIMARY KEY,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  session_id TEXT,
  subject TEXT,
  data TEXT CHECK (typeof(data) IN ('text', 'null')),
  digest TEXT NOT NULL,
  chain TEXT NOT NULL,
  tombstoned_at REAL,
  CHECK ((data IS NULL) = (tombstoned_at IS NOT NULL))
);

CREATE INDEX journal_by_session ON journal (session_id, seq);
CREATE INDEX journal_by_kind ON journal (kind, seq);
CREATE INDEX journal_by_time ON journal (at);
CREATE UNIQUE INDEX journal_once ON journal (subject, kind) WHERE subject IS NOT NULL;

-- Where each log ends, so that rows missing at the end are noticed too.
CREATE TABLE heads (
  log TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  chain TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE usage (
  id INTEGER NOT NULL PRIMARY KEY,
  at REAL NOT NULL,
  session_id TEXT NOT NULL REFERENCES sessions (id),
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost REAL
);

CREATE INDEX usage_by_time ON usage (at);
CREATE INDEX usage_by_session ON usage (session_id, at);

CREATE TABLE trusted_directories (
  path TEXT NOT NULL PRIMARY KEY,
  trusted_at REAL NOT NULL
);

CREATE TABLE dreams (
  id INTEGER NOT NULL PRIMARY KEY,
  started_at REAL NOT NULL,
  ended_at REAL,
  outcome TEXT CHECK (outcome IN ('done', 'failed', 'interrupted')),
  summary TEXT NOT NULL DEFAULT '',
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

CREATE TRIGGER sessions_keep_their_prefix BEFORE UPDATE OF system_json, tools_json ON sessions
WHEN (NEW.system_json IS NOT OLD.system_json OR NEW.tools_json IS NOT OLD.tools_json)
  AND EXISTS (SELECT 1 FROM transcript WHERE session_id = OLD.id)
BEGIN
  SELECT RAISE(ABORT, 'the system prompt and tools of a session are frozen by its first row');
END;

CREATE TRIGGER transcript_appends BEFORE INSERT ON transcript
WHEN NEW.seq IS NOT
  (SELECT COALESCE(MAX(seq), 0) + 1 FROM transcript WHERE session_id = NEW.session_id)
BEGIN
  SELECT RAISE(ABORT, 'the transcript is append-only');
END;

CREATE TRIGGER transcript_keeps BEFORE UPDATE ON transcript
WHEN NOT (
  OLD.payload IS NOT NULL AND NEW.payload IS NULL
  AND NEW.session_id IS OLD.session_id AND NEW.seq IS OLD.seq AND NEW.role IS OLD.role
  AND NEW.at IS OLD.at AND NEW.user_turn IS OLD.user_turn
  AND NEW.exact_sha256 IS OLD.exact_sha256 AND NEW.digest IS OLD.digest
  AND NEW.prefix_sha256 IS OLD.prefix_sha256 AND NEW.chain IS OLD.chain
)
BEGIN
  SELECT RAISE(ABORT, 'the transcript is append-only');
END;

CREATE TRIGGER transcript_stays BEFORE DELETE ON transcript
BEGIN
  SELECT RAISE(ABORT, 'the transcript is append-only');
END;

CREATE TRIGGER transcript_attachments_keep BEFORE UPDATE ON transcript_attachments
BEGIN
  SELECT RAISE(ABORT, 'the transcript is append-only');
END;

CREATE TRIGGER transcript_attachments_stay BEFORE DELETE ON transcript_attachments
BEGIN
  SELECT RAISE(ABORT, 'the transcript is append-only');
END;

CREATE TRIGGER journal_appends BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM journal)
BEGIN
  SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
WHEN NOT (
  OLD.data IS NOT NULL AND NEW.data IS NULL
  AND NEW.seq IS OLD.seq AND NEW.at IS OLD.at AND NEW.kind IS OLD.kind
  AND NEW.session_id IS OLD.session_id AND NEW.subject IS OLD.subject
  AND NEW.digest IS OLD.digest AND NEW.chain IS OLD.chain
)
BEGIN
  SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN
  SELECT RAISE(ABORT, 'the journal is append-only');
END;
