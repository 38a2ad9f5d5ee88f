"""tmux: its clients and control mode, private servers, sessions, and how they say what happened."""
