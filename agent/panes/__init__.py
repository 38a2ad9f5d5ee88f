"""Panes of agents: opened for them, allowed by the person, ended, pictured and recorded."""
