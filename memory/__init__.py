"""What lasts: sessions, transcripts, the journal and usage, in one SQLite file."""
