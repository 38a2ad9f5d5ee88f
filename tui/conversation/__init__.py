"""Conversations as the app holds them: blocks, folding, search, and files that they name."""
