"""Isolation of many agents: their git worktrees, what steps did to a tree, and how it goes back."""
