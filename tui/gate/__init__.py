"""Where a person decides: the gate dialog, the inbox of all that waits, and the quiet rule."""
