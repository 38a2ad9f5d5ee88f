-- What is asked of a model beside the agents' turns: by a dream about pairs of memories, and about
-- what a session said that is worth keeping. Nothing here quotes a memory.

CREATE TABLE usage_of_all (
  id INTEGER NOT NULL PRIMARY KEY,
  at REAL NOT NULL,
  session_id TEXT REFERENCES sessions (id),
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost REAL,
  purpose TEXT NOT NULL DEFAULT 'turn' CHECK (purpose IN ('turn', 'dream', 'remember')),
  dream_id INTEGER REFERENCES dreams (id),
  CHECK ((dream_id IS NOT NULL) = (purpose = 'dream')),
  CHECK ((session_id IS NULL) = (purpose = 'dream'))
);

INSERT INTO usage_of_all
  SELECT id, at, session_id, model, input_tokens, cache_read_tokens, cache_write_tokens,
    output_tokens, cost, 'turn', NULL FROM usage;
DROP TABLE usage;
ALTER TABLE usage_of_all RENAME TO usage;

CREATE INDEX usage_by_time ON usage (at);
CREATE INDEX usage_by_session ON usage (session_id, at);
CREATE INDEX usage_by_purpose ON usage (purpose, at) WHERE purpose <> 'turn';

-- What a model was asked in a dream and answered, in a few words for the person.
ALTER TABLE dreams ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- Which pairs a model was asked about, and what it chose; the numbers are those of the last
-- versions of the two then, so that a pair is asked about again when one of them has changed.
CREATE TABLE dream_judgements (
  dream_id INTEGER NOT NULL REFERENCES dreams (id),
  one TEXT NOT NULL REFERENCES memories (id),
  other TEXT NOT NULL REFERENCES memories (id),
  one_seq INTEGER NOT NULL,
  other_seq INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('keep_both', 'supersede', 'merge')),
  chosen TEXT REFERENCES memories (id),
  PRIMARY KEY (dream_id, one, other)
) WITHOUT ROWID;

-- Up to which row of its transcript a session was looked through for what is worth keeping, and
-- how often that was begun since. What was said before this was known counts as looked through.
CREATE TABLE remembered (
  session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id),
  seq INTEGER NOT NULL,
  tries INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO remembered
  SELECT session_id, MAX(seq), 0 FROM transcript GROUP BY session_id;
