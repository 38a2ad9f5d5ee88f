"""Shell text read the way bash reads it: words, commands, and what words expand to."""
