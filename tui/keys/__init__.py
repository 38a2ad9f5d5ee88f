"""Keys: every action, what it is reached by, a person's own keys, and how keys arrive."""
