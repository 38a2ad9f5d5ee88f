"""What surrounds the app: its terminal, a tmux, the desktop, signals, and who sits there."""
