"""The person's own tmux: its panes listed, watched, and those that they allow typed into."""
