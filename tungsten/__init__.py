"""Hands and eyes: real terminals through tmux. Knows no model, no database, no toolkit."""
