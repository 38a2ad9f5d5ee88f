-- What memories are found by: their words, and at lower weight those of their neighbours.

CREATE TABLE search_entries (
  number INTEGER NOT NULL PRIMARY KEY,
  place TEXT NOT NULL,
  conversation TEXT NOT NULL,
  day TEXT NOT NULL,
  speaker TEXT NOT NULL,
  words TEXT NOT NULL
);

CREATE INDEX search_entries_by_conversation ON search_entries (conversation, number)
  WHERE conversation <> '';
CREATE INDEX search_entries_by_speaker ON search_entries (speaker) WHERE speaker <> '';

CREATE VIRTUAL TABLE memory_search USING fts5 (
  words, before, after, around, tokenize = 'porter unicode61'
);
