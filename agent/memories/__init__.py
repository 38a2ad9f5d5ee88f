"""Memories: what an agent is told and saves, what sessions are remembered by, and requests."""
