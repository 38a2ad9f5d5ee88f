-- What persons and models said, found by its words across all sessions; and where a session that
-- was forked from another one parts from it. The index holds words alone, their text stays in the
-- transcript: so a row that loses its text is found no more. What a fork has from its origin is
-- found there.

ALTER TABLE sessions ADD COLUMN forked_from TEXT REFERENCES sessions (id);
ALTER TABLE sessions ADD COLUMN forked_seq INTEGER NOT NULL DEFAULT 0;

CREATE TABLE said (
  number INTEGER NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  UNIQUE (session_id, seq),
  FOREIGN KEY (session_id, seq) REFERENCES transcript (session_id, seq)
);

CREATE VIRTUAL TABLE said_search USING fts5 (words, content = '', tokenize = 'unicode61');

INSERT INTO said (session_id, seq)
  SELECT session_id, seq FROM transcript
  WHERE CASE WHEN role = 'event' AND payload IS NOT NULL AND json_valid(payload)
    THEN json_extract(payload, '$.type') = 'block'
      AND json_extract(payload, '$.block.kind') IN ('user', 'assistant')
      AND json_type(payload, '$.block.text') = 'text'
    ELSE 0 END
  ORDER BY at, session_id, seq;

INSERT INTO said_search (rowid, words)
  SELECT number, json_extract(payload, '$.block.text')
  FROM said JOIN transcript USING (session_id, seq);

CREATE TRIGGER said_is_found AFTER INSERT ON transcript
WHEN CASE WHEN NEW.role = 'event' AND NEW.payload IS NOT NULL AND json_valid(NEW.payload)
  THEN json_extract(NEW.payload, '$.type') = 'block'
    AND json_extract(NEW.payload, '$.block.kind') IN ('user', 'assistant')
    AND json_type(NEW.payload, '$.block.text') = 'text'
    AND NEW.seq > (SELECT forked_seq FROM sessions WHERE id = NEW.session_id)
  ELSE 0 END
BEGIN
  INSERT INTO said (session_id, seq) VALUES (NEW.session_id, NEW.seq);
  INSERT INTO said_search (rowid, words)
    SELECT number, json_extract(NEW.payload, '$.block.text') FROM said
    WHERE session_id = NEW.session_id AND seq = NEW.seq;
END;

CREATE TRIGGER said_is_forgotten BEFORE UPDATE OF payload ON transcript
WHEN NEW.payload IS NULL AND OLD.payload IS NOT NULL AND EXISTS (
  SELECT 1 FROM said WHERE session_id = OLD.session_id AND seq = OLD.seq)
BEGIN
  INSERT INTO said_search (said_search, rowid, words)
    SELECT 'delete', number, json_extract(OLD.payload, '$.block.text') FROM said
    WHERE session_id = OLD.session_id AND seq = OLD.seq;
  DELETE FROM said WHERE session_id = OLD.session_id AND seq = OLD.seq;
END;
