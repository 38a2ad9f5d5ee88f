-- What steps did to working trees: the tree before and after each, by the digests under which a store
-- beside the database keeps them. Paths are bytes: a name need not be UTF-8.

CREATE TABLE tree_steps (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  agent_id TEXT NOT NULL,
  tool_use_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  top BLOB NOT NULL,
  repository BLOB NOT NULL,
  only_path BLOB NOT NULL,
  before_root TEXT NOT NULL,
  after_root TEXT NOT NULL DEFAULT '',
  before_head TEXT NOT NULL,
  after_head TEXT NOT NULL DEFAULT '',
  begun_at REAL NOT NULL,
  ended_at REAL,
  changed INTEGER NOT NULL DEFAULT 0,
  paths TEXT NOT NULL DEFAULT '[]'
);

CREATE INDEX tree_steps_by_use ON tree_steps (agent_id, tool_use_id);
CREATE INDEX tree_steps_by_time ON tree_steps (top, begun_at);
