"""Agents of other makers in panes: how they are started, known, spoken to, and what they say."""
